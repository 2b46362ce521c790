"""ToFu, of which there is no official code, against a second implementation: slow, and written from the equations."""

import pytest
import timm
import torch

from prunarium import load

from . import recipe


def pairs(metric, r):
    """Bipartite soft matching of one image, token 0 left out: the ``r`` most similar (source, destination)."""
    unit = metric / metric.norm(dim=1, keepdim=True)
    sources, destinations = range(2, len(metric), 2), range(1, len(metric), 2)
    best = {i: max(destinations, key=lambda j: float(unit[i] @ unit[j])) for i in sources}
    order = sorted(sources, key=lambda i: -float(unit[i] @ unit[best[i]]))
    return [(i, best[i]) for i in order[:r]]


def reduced(x, size, metric, r, rule):
    """One step of one image: tokens, sizes, and for every token the one that holds it."""
    chosen = pairs(metric, r)
    gone = [source for source, _ in chosen]
    # the order of ToMe, by which the next block divides sources from destinations
    kept = [0, *(i for i in range(2, len(x), 2) if i not in gone), *range(1, len(x), 2)]
    rows, sizes = [], []
    for i in kept:
        members = [i] + ([] if rule == "drop" else [source for source, destination in chosen if destination == i])
        mean = sum(size[j] * x[j] for j in members) / sum(size[j] for j in members)
        if rule == "mlerp":
            mean = mean / mean.norm() * max(x[j].norm() for j in members)
        rows.append(mean)
        sizes.append(sum(size[j] for j in members))
    into = {} if rule == "drop" else dict(chosen)
    home = [kept.index(into.get(i, i)) if into.get(i, i) in kept else -1 for i in range(len(x))]
    return torch.stack(rows), torch.stack(sizes), home


def literal(model, image, r, pruning_blocks, merge):
    """The logits of one image and where every token went, with attention written out."""
    x = model.norm_pre(model._pos_embed(model.patch_embed(image[None])))[0]
    size, home = torch.ones(len(x), dtype=x.dtype), list(range(len(x)))
    for number, block in enumerate(model.blocks):
        heads, normed = block.attn.num_heads, block.norm1(x)
        queries, keys, values = block.attn.qkv(normed).reshape(len(x), 3, heads, -1).permute(1, 2, 0, 3)
        logits = queries @ keys.transpose(1, 2) * block.attn.scale + size.log()
        x = x + block.attn.proj((logits.softmax(-1) @ values).transpose(0, 1).flatten(1))
        rule = "drop" if number < pruning_blocks else merge
        x, size, step = reduced(x, size, keys.mean(dim=0), r, rule)
        home = [step[place] if place >= 0 else -1 for place in home]
        x = x + block.mlp(block.norm2(x))
    return model.head(model.norm(x)[0]), home


def partition(home):
    return {tuple(i for i, place in enumerate(home) if place == token) for token in set(home) - {-1}}


@pytest.mark.parametrize("merge", ["mlerp", "average"])
@pytest.mark.parametrize("pruning_blocks", [0, 2, 4])
@torch.no_grad()
def test_against_a_literal_implementation(pruning_blocks, merge):
    model = timm.create_model("vit_tiny_patch16_224", img_size=96, depth=4, num_classes=7)
    model = recipe.fill_timm(model, 3, 1.5).double()
    images = recipe.draw(5, 0, (3, 3, 96, 96)).double()
    with load("tofu", r=6, pruning_blocks=pruning_blocks, merge=merge).apply(model) as handle:
        logits, homes = model(images), handle.source()
        assert handle.report().tokens_out == [31, 25, 19, 13]
    for image, ours, home in zip(images, logits, homes.tolist(), strict=True):
        theirs, literal_home = literal(model, image, 6, pruning_blocks, "mean" if merge == "average" else merge)
        assert (ours - theirs).abs().max() <= 1e-10
        assert partition(home) == partition(literal_home)
        assert [place == -1 for place in home] == [place == -1 for place in literal_home]
