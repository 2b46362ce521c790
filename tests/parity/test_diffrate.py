"""DiffRate against numbers that the paper's own code gave, at function and model level."""

import pytest
import torch

from prunarium import load
from prunarium.bench.closed_forms import vit_macs
from prunarium.families import Attention
from prunarium.ops import DROPPED, Tokens, groups, most_similar

from . import recipe
from .fixtures import check_tokens, close, drawn, fixtures, images_of, model_of, of_level

FIXTURES = fixtures("diffrate")


@pytest.mark.parametrize("name", of_level(FIXTURES, "function"))
def test_merging(name):
    fixture = FIXTURES[name]
    given, expected, left = fixture["input"], fixture["outputs"], fixture["params"]["kept_number_incl_cls"]
    x = drawn(given["x_sorted_by_importance"]).double()
    size = recipe.sizes(given["size"]["seed"], given["size"]["index"], given["size"]["shape"]).double().squeeze(-1)
    similarity, into = most_similar(x[:, left:], x[:, 1:left])
    close(similarity[:, :16], expected["similarity_first16"], 1e-6)
    assert (into + 1).tolist() == expected["destination_of_token_k_and_later"]

    count = x.shape[1]
    method = load("diffrate", after_pruning=[count], after_merging=[left])
    falling = torch.arange(count, 0, -1).double().expand(len(x), 1, -1)
    merged = method.reduce(Tokens(x, 1, size), Attention(method.needs, {"cls_attention": lambda: falling}), block=0)
    check_tokens(merged.x, expected, fixture["tolerance"]["float64"])
    close(merged.x[:, :4, :4], expected["slice_first_tokens_channels"], 1e-6)
    close(merged.x[:, -4:, :4], expected["slice_last_tokens_channels"], 1e-6)
    close(merged.size, expected["size_out"], 1e-6)
    home = groups(merged.moves, len(x), count)
    assert home[:, left:].tolist() == expected["destination_of_token_k_and_later"]


@pytest.mark.parametrize("name", of_level(FIXTURES, "model"))
def test_model(name):
    fixture = FIXTURES[name]
    params, expected, model = fixture["params"], fixture["outputs"], model_of(fixture)
    pruning, merging = params["prune_kept_incl_cls"], params["merge_kept_incl_cls"]
    with torch.no_grad(), load("diffrate", after_pruning=pruning, after_merging=merging).apply(model) as handle:
        logits = model(images_of(fixture))
        size = model.blocks[11].forward.__self__.passage.size
    close(logits[:, :8], expected["logits_first8"], fixture["tolerance"]["float64"])
    close(logits.norm(dim=-1), expected["logits_l2"], 1e-5)
    assert logits.argmax(-1).tolist() == expected["logits_argmax"]
    report, home = handle.report(), handle.source()
    theirs = torch.tensor(expected["group_of_original_token_final"])
    assert report.tokens_out == expected["tokens_after_block"]
    if merging[-1] < merging[-2]:  # where a block loses nothing, the official code sorts all the same
        assert home.tolist() == theirs.tolist()
        close(size, expected["size_final"], 1e-5)
    assert ((home == DROPPED) == (theirs == DROPPED)).all()
    # the official count puts the cls token through the patch embedding too
    embedding = model.patch_embed.proj.weight.numel()
    assert vit_macs(model, report).total + embedding == pytest.approx(expected["flops_reported"][0], rel=1e-5)
