"""TPS: dTPS against numbers that the paper's own code gave, eTPS against the paper's equations, written out."""

import math

import numpy as np
import pytest
import torch

from prunarium import load
from prunarium.ops import Tokens, groups, squeeze, squeeze_softly, thin

from .fixtures import check_tokens, close, drawn, fixtures, images_of, model_of, of_level
from .learned_parts import PREDICTOR, with_recorded_parts

FIXTURES = fixtures("tps")


@pytest.mark.parametrize("name", of_level(FIXTURES, "function"))
def test_squeezing(name):
    fixture = FIXTURES[name]
    expected, temperature = fixture["outputs"], fixture["params"]["temperature"]
    kept, dropped = (drawn(fixture["input"][side]).double() for side in ("kept", "dropped"))
    batch, count, total = len(kept), kept.shape[1], kept.shape[1] + dropped.shape[1]
    tokens = Tokens(torch.cat([kept, dropped], dim=1), original=total)
    places = torch.arange(total).expand(batch, -1)
    squeezed = squeeze(tokens, places[:, :count], places[:, count:], temperature)
    assert groups(squeezed.moves, batch, total)[:, count:].tolist() == expected["host_of_dropped"]
    check_tokens(squeezed.x, expected, fixture["tolerance"]["float64"])
    close(squeezed.x[:, :4, :4], np.asarray(expected["slice_first_tokens_channels"]), 1e-6)
    close(squeezed.x[:, -4:, :4], expected["slice_last_tokens_channels"], 1e-6)
    softly = squeeze_softly(tokens, thin(tokens, (places < count).double()), temperature)
    close(softly.x[:, :count], squeezed.x, 1e-12)


@pytest.mark.parametrize("name", of_level(FIXTURES, "model"))
def test_model(name, tmp_path):
    fixture = FIXTURES[name]
    params, expected, model = fixture["params"], fixture["outputs"], model_of(fixture)
    blocks = tuple(params["pruning_blocks"])
    asked = {"keep_rate": params["keep_ratio"], "blocks": blocks, "temperature": params["temperature"]}
    method = with_recorded_parts("tps", fixture, model, tmp_path, PREDICTOR, **asked)
    scores = {}
    with torch.no_grad(), method.apply(model) as handle:
        for stage, block in enumerate(blocks):
            handle.learned[stage].register_forward_hook(lambda _, __, out, block=block: scores.update({block: out}))
        logits = model(images_of(fixture))
        report = handle.report()
    tolerance = fixture["tolerance"]["float64"]
    assert report.tokens_out == expected["tokens_after_block"]
    for block in blocks:
        move = report.blocks[block].moves[0]
        assert (move.position[:, 1:] - 1).tolist() == expected[f"kept_at_block{block}"]
        ranked = scores[block][..., 0].argsort(dim=-1, descending=True)
        dropped = ranked[:, move.position.shape[1] - 1 :][:, :24]
        hosts = (move.group()[:, 1:] - 1).gather(1, dropped)
        assert hosts.tolist() == expected[f"host_rank_of_dropped_block{block}_first24"]
    close(logits[:, :8], expected["logits_first8"], tolerance)
    close(logits.norm(dim=-1), expected["logits_l2"], tolerance * 10)
    assert logits.argmax(-1).tolist() == expected["logits_argmax"]


def written_out(block, x, keep_rate):
    """One block with eTPS in it, one token at a time."""
    out = []
    for tokens in x.unbind(0):
        attn, normed = block.attn, block.norm1(tokens)
        queries, keys, values = attn.qkv(normed).view(len(tokens), 3, attn.num_heads, -1).unbind(1)
        heads, cls_rows = [], []
        for head in range(attn.num_heads):
            rows = torch.softmax(queries[:, head] @ keys[:, head].T * attn.scale, dim=-1)
            heads.append(rows @ values[:, head])
            cls_rows.append(rows[0, 1:])
        tokens = tokens + attn.proj(torch.cat(heads, dim=-1))
        importance = sum(cls_rows) / len(cls_rows)
        patches = list(range(1, len(tokens)))
        kept = sorted(patches, key=lambda i: -importance[i - 1].item())[: math.ceil(keep_rate * len(patches))]
        sums, weights = {i: tokens[i] * math.e for i in kept}, dict.fromkeys(kept, math.e)
        for j in set(patches) - set(kept):
            alike = {i: torch.cosine_similarity(tokens[j], tokens[i], dim=0).item() for i in kept}
            host = max(kept, key=lambda i: alike[i])
            sums[host] = sums[host] + tokens[j] * math.exp(alike[host])
            weights[host] += math.exp(alike[host])
        left = torch.stack([tokens[0], *(sums[i] / weights[i] for i in kept)])
        out.append(left + block.mlp(block.norm2(left)))
    return torch.stack(out)


@torch.no_grad()
def test_etps_follows_the_equations():
    model = model_of(FIXTURES["tps-m1-k07"])
    x = drawn({"seed": 5, "shape": [2, 197, 192]}).double()
    seen = {}
    with load("tps", variant="etps", keep_rate=0.6, blocks=(0,)).apply(model):
        model.pos_drop.register_forward_hook(lambda *_: x)
        hook = model.blocks[1].register_forward_pre_hook(lambda _, args: seen.update(x=args[0]))
        model.forward_features(torch.zeros(2, 3, 224, 224).double())
        hook.remove()
    model.pos_drop._forward_hooks.clear()
    close(seen["x"], written_out(model.blocks[0], x, 0.6), 1e-5)  # the norms have 1e-6 added, here not
