"""ToMe and EViT against numbers that the papers' own code gave, at function, block and model level."""

import functools
import json
from pathlib import Path

import numpy as np
import pytest
import timm
import torch

from prunarium import load
from prunarium.families import Attention
from prunarium.ops import Tokens, bipartite_soft_matching, groups, top

from . import recipe

HERE = Path(__file__).parent
FIXTURES = {
    fixture["id"]: fixture
    for name in ("tome", "evit", "plain")
    for fixture in json.loads((HERE / f"{name}.json").read_text())["fixtures"]
}


def of_level(prefix: str, level: str) -> list[str]:
    return [name for name, f in FIXTURES.items() if name.startswith(prefix) and f["level"] == level]


@functools.cache
def deit(seed: int, gain: float):
    model = timm.create_model("deit_tiny_patch16_224")
    return recipe.fill_timm(model, seed, gain).double()


def model_of(fixture):
    spec = fixture["model"]
    return deit(spec["recipe_seed"], spec["qkv_gain"])


def images_of(fixture):
    spec = fixture["input"]
    return recipe.draw(spec["seed"], 0, (spec["batch"], 3, spec["size"], spec["size"])).double()


def close(actual, expected, tolerance):
    np.testing.assert_allclose(np.asarray(actual), np.asarray(expected), rtol=1e-6, atol=tolerance)


def method_of(fixture):
    params = fixture["params"]
    if "fuse_token" in params or "keep_rate" in params:
        return load(
            "evit", keep_rate=params["keep_rate"], fuse=params.get("fuse_token", True), blocks=params.get("blocks")
        )
    r = params.get("r", 0)
    return load("tome", r=tuple(r) if isinstance(r, list) else r, proportional_attention=params.get("prop_attn", True))


def assert_same_partition(ours: torch.Tensor, theirs: torch.Tensor):
    """Two assignments group the same tokens together, whatever the groups are numbered."""
    for mine, other in zip(ours.tolist(), theirs.tolist(), strict=True):
        assert len(set(zip(mine, other, strict=True))) == len(set(mine)) == len(set(other))


def check_tokens(x: torch.Tensor, expected: dict, tolerance: float):
    assert list(x.shape) == expected["shape"]
    close(x.norm(dim=-1), expected["token_l2"], tolerance * 10)
    close(x.sum(dim=(1, 2)), expected["sum"], tolerance * 1e3)


@pytest.mark.parametrize("name", of_level("tome", "function"))
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


def run_block(model, block: int, method, x, size=None):
    """One block of a model with a method in it, entered with given tokens and sizes."""
    with method.apply(model) as handle, torch.no_grad():
        forward = model.blocks[block].forward.__self__
        forward.passage.handle.begin(len(x))
        forward.passage.size = size
        if block == 0:
            assert size is None
        out = model.blocks[block](x)
        record = handle.records[-1]
        return out, record, forward.passage.size


@pytest.mark.parametrize("name", of_level("tome", "block"))
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


@pytest.mark.parametrize("name", [*of_level("tome", "model"), *of_level("evit", "model"), *of_level("plain", "model")])
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


@pytest.mark.parametrize("name", of_level("evit", "function"))
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


@pytest.mark.parametrize("name", of_level("evit", "block"))
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
