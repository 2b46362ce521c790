"""ToMe and EViT against numbers that the papers' own code gave, at function, block and model level."""

import numpy as np
import pytest
import timm
import torch

from prunarium import load
from prunarium.families import Attention
from prunarium.ops import Tokens, bipartite_soft_matching, groups, top

from . import recipe
from .fixtures import assert_same_partition, check_tokens, close, fixtures, images_of, model_of, of_level, run_block

FIXTURES = fixtures("tome", "evit", "plain")


def method_of(fixture):
    params = fixture["params"]
    if "fuse_token" in params or "keep_rate" in params:
        return load(
            "evit", keep_rate=params["keep_rate"], fuse=params.get("fuse_token", True), blocks=params.get("blocks")
        )
    r = params.get("r", 0)
    return load("tome", r=tuple(r) if isinstance(r, list) else r, proportional_attention=params.get("prop_attn", True))


@pytest.mark.parametrize("name", of_level(FIXTURES, "function", "tome"))
def test_tome_matching(name):
    fixture = FIXTURES[name]
    params, given, expected = fixture["params"], fixture["input"], fixture["outputs"]
    metric, x = (recipe.draw(given[k]["seed"], given[k]["index"], given[k]["shape"]).double() for k in ("metric", "x"))
    size = recipe.sizes(given["size"]["seed"], given["size"]["index"], given["size"]["shape"]).double().squeeze(-1)
    prefix = int(params["class_token"]) + int(params["distill_token"])
    matching = bipartite_soft_matching(metric, params["r"], prefix)
    tolerance = fixture["tolerance"]["float64"]

    merged = matching.merge(Tokens(x, prefix, size))
    assert merged.count == expected["n_out"]
    home = groups(merged.moves, len(x), x.shape[1])
    official = torch.tensor(expected["group_of_token"])
    assert_same_partition(home, official)
    # the official order of output tokens, found through the tokens that they hold
    to_ours = torch.zeros(len(x), merged.count, dtype=torch.long).scatter(1, official, home)
    in_their_order = merged.x.gather(1, to_ours.unsqueeze(-1).expand(-1, -1, x.shape[-1]))
    check_tokens(in_their_order, expected["weighted"], tolerance)
    close(merged.size.gather(1, to_ours), expected["size_out"], 0)
    close(in_their_order[0, :3, :4], np.asarray(expected["weighted"]["slice_first_tokens_channels"])[0][:3], tolerance)

    unweighted = matching.merge(Tokens(x, prefix)).x
    unweighted = unweighted.gather(1, to_ours.unsqueeze(-1).expand(-1, -1, x.shape[-1]))
    close(unweighted.norm(dim=-1), expected["unweighted"]["token_l2"], tolerance * 10)


@pytest.mark.parametrize("name", of_level(FIXTURES, "block", "tome"))
def test_tome_block(name):
    fixture = FIXTURES[name]
    given, expected = fixture["input"], fixture["outputs"]
    x = recipe.draw(given["x"]["seed"], given["x"]["index"], given["x"]["shape"]).double()
    size = given["size"]
    if size is not None:
        size = recipe.sizes(size["seed"], size["index"], size["shape"]).double().squeeze(-1)
    out, record, size_out = run_block(model_of(fixture), fixture["params"]["block"], method_of(fixture), x, size)
    check_tokens(out, expected, fixture["tolerance"]["float64"])
    close(out[:, :3, :4], np.asarray(expected["slice_first_tokens_channels"])[:, :3], 1e-6)
    close(size_out, expected["size_out"], 0)
    assert_same_partition(groups(record.moves, len(x), x.shape[1]), torch.tensor(expected["group_of_token"]))


@pytest.mark.parametrize(
    "name",
    [*of_level(FIXTURES, "model", "tome"), *of_level(FIXTURES, "model", "evit"), *of_level(FIXTURES, "model", "plain")],
)
def test_model(name):
    fixture = FIXTURES[name]
    expected, model, method = fixture["outputs"], model_of(fixture), method_of(fixture)
    tolerance = max(fixture["tolerance"]["float64"], 1e-6)
    with torch.no_grad(), method.apply(model) as handle:
        logits = model(images_of(fixture))
    close(logits[:, :8], expected["logits_first8"], tolerance)
    close(logits.norm(dim=-1), expected["logits_l2"], tolerance * 10)
    assert logits.argmax(-1).tolist() == expected["logits_argmax"]
    report = handle.report()
    if "tokens_after_block" in expected:
        assert report.tokens_out == expected["tokens_after_block"]
    for block in (0, 5, 11):
        if theirs := expected.get(f"group_of_original_token_after_block{block}"):
            assert_same_partition(handle.source(block), torch.tensor(theirs))
    for block in (3, 6, 9):
        if theirs := expected.get(f"kept_at_block{block}"):
            kept = report.blocks[block].moves[0].position[:, 1 : 1 + len(theirs[0])] - 1
            assert kept.tolist() == theirs


@pytest.mark.parametrize("name", of_level(FIXTURES, "function", "evit"))
def test_evit_selection(name):
    fixture = FIXTURES[name]
    given, expected = fixture["input"]["attention"], fixture["outputs"]
    attention = recipe.attention(given["seed"], given["shape"], given["gain"]).double()
    count = given["shape"][-1]
    method = method_of(fixture)
    offered = Attention(method.needs, {"cls_attention": lambda: attention[:, :, 0]})
    x = torch.eye(count, dtype=torch.float64).expand(len(attention), -1, -1)
    kept = method.reduce(Tokens(x, prefix=1), offered, block=3)
    chosen = kept.moves[0].position[:, 1:-1] - 1
    assert chosen.tolist() == expected["kept_descending"]
    home = groups(kept.moves, len(x), count)
    dropped = [(row[1:] == kept.count - 1).nonzero().flatten().tolist() for row in home]
    assert dropped == expected["dropped_ascending"]
    close(kept.x[:, -1].sum(-1), expected["mass_dropped"], fixture["tolerance"]["float64"])
    assert top(attention[:, :, 0, 1:].mean(1), expected["n_kept"]).tolist() == expected["kept_descending"]


@pytest.mark.parametrize("name", of_level(FIXTURES, "block", "evit"))
def test_evit_block(name):
    fixture = FIXTURES[name]
    given, expected = fixture["input"]["x"], fixture["outputs"]
    x = recipe.draw(given["seed"], given["index"], given["shape"]).double()
    block = fixture["params"]["block"]
    method = method_of(fixture).model_copy(update={"blocks": (block,)})
    out, record, _ = run_block(model_of(fixture), block, method, x)
    kept = len(expected["kept"][0])
    assert (record.moves[0].position[:, 1 : 1 + kept] - 1).tolist() == expected["kept"]
    check_tokens(out, expected, fixture["tolerance"]["float64"])
    close(out[:, :3, :4], np.asarray(expected["slice_first_tokens_channels"])[:, :3], 1e-6)


def test_float32_stays_near():
    fixture = FIXTURES["tome-m2-r13"]
    model = recipe.fill_timm(timm.create_model("deit_tiny_patch16_224"), 11, 1.5)
    with torch.no_grad(), method_of(fixture).apply(model):
        logits = model(images_of(fixture).float())
    close(logits[:, :8], fixture["outputs"]["logits_first8"], fixture["tolerance"]["float32"])
