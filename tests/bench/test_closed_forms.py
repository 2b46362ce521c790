"""Multiply-accumulates of tower, projector and prefill of every kind of vision-language model, counted and derived."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as some

from prunarium import PrunariumError, load
from prunarium.bench.benchmarks import next_word
from prunarium.bench.closed_forms import _windows, closed_form
from prunarium.bench.counters import OWN, WHOLE, audit_stages, count_macs, count_stages, total
from prunarium.families import VlmMethod
from tests.families import decoder_models
from tests.families.vlm_models import IMAGE, MODELS, make_llava_next, make_qwen, prompt_for

STAGES = {"tower", "projector", "prefill"}


class FirstHalf(VlmMethod):
    """Keeps the first half of the patches of each tile, and reads the tower's keys for nothing."""

    def encode(self, tokens, tower):
        tower.keys()
        half = torch.arange(tokens.count // 2).expand(len(tokens.x), -1)
        return tokens.keep(half)


def both(method, model, prompt):
    with method.apply(model) as handle:
        counted = count_stages(model, next_word, prompt, handle)
        return counted, closed_form(model, handle.report(), prompt)


METHODS = {"identity": load("identity"), "fastv": load("fastv", drop_rate=0.75), "before the projector": FirstHalf()}


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("kind", MODELS)
def test_every_stage_is_counted_and_derived_alike(kind, name):
    model = MODELS[kind]()
    prompt = prompt_for(model, samples=1)
    if kind == "qwen2.5-vl" and name == "before the projector":
        with pytest.raises(PrunariumError, match="merges patches in its last step"):
            METHODS[name].apply(model)
        return
    counted, expected = both(METHODS[name], model, prompt)
    assert counted.keys() == STAGES | {OWN} and expected.keys() == STAGES
    audit_stages(counted, expected)
    for stage in STAGES:
        assert counted[stage].total == pytest.approx(expected[stage].total, rel=0.001), stage
    assert (counted[OWN].own > 0) == (name != "identity")
    with METHODS[name].apply(model) as handle:
        assert count_macs(model, next_word, prompt, handle) == total(counted.values())


@pytest.mark.parametrize("name", ["identity", "h2o", "gemfilter"])
@pytest.mark.parametrize("kind", decoder_models.KINDS)
def test_a_language_model_is_counted_and_derived_alike(kind, name):
    if (kind, name) == ("opt", "gemfilter"):
        pytest.skip("learned positions cannot be counted anew")
    model, method = decoder_models.make(kind), load(name)
    prompt = {"input_ids": torch.randint(2, 60, (1, 24), generator=torch.manual_seed(0))}
    counted, expected = both(method, model, prompt)
    audit_stages(counted, expected)
    assert expected[WHOLE].total == pytest.approx(counted[WHOLE].total, rel=1e-6)
    assert (counted[OWN].own > 0) == (name != "identity")


@pytest.mark.parametrize("kind", ["llava", "llava, SigLIP and Qwen2", "llava-next"])
def test_what_goes_before_the_projector_is_spared_there(kind):
    model = MODELS[kind]()
    prompt = prompt_for(model, samples=1)
    plain, _ = both(METHODS["identity"], model, prompt)
    halved, _ = both(METHODS["before the projector"], model, prompt)
    assert halved["projector"].total * 2 == plain["projector"].total
    assert halved["tower"] == plain["tower"]
    assert halved["prefill"].total < plain["prefill"].total


@pytest.mark.parametrize("size", [(40, 24), (24, 24), (90, 20), (50, 50)])
def test_an_image_of_any_resolution(size):
    """Tiles of padding, such as the processor adds to the image with fewer, cost nothing."""
    model = make_llava_next()
    image = {"image_sizes": torch.tensor([size]), "pixel_values": torch.randn(1, 5, 3, 24, 24)}
    with torch.no_grad():
        [features] = model.model.get_image_features(**image, return_dict=True).pooler_output
    ids = torch.cat([torch.full((1, len(features)), IMAGE), torch.full((1, 5), 7)], dim=1)
    prompt = {"input_ids": ids, **image}
    audit_stages(*both(METHODS["fastv"], model, prompt))


@pytest.mark.parametrize("grids", [[(1, 12, 20)], [(1, 8, 8)], [(1, 6, 14), (1, 16, 4)]])
def test_windows_of_a_qwen(grids):
    """Of images that windows do not divide, and of two in one prompt."""
    model = make_qwen()
    counts = [height * width for _, height, width in grids]
    parts = [torch.tensor([7, 7] + [IMAGE] * (count // 4)) for count in counts]
    ids = torch.cat([*parts, torch.tensor([7, 7])])[None]
    prompt = {
        "input_ids": ids,
        "pixel_values": torch.randn(sum(counts), 96),
        "image_grid_thw": torch.tensor(grids),
        "mm_token_type_ids": (ids == IMAGE).int(),
    }
    counted, expected = both(METHODS["identity"], model, prompt)
    audit_stages(counted, expected)
    assert counted["tower"] == expected["tower"]


@given(some.integers(1, 40), some.integers(1, 40), some.integers(1, 3), some.integers(1, 8), some.integers(1, 3))
def test_windows_part_an_image(rows, columns, merge, side, frames):
    counts = _windows(frames, rows * merge, columns * merge, merge, side)
    assert sum(counts) == frames * rows * columns * merge**2
    assert max(counts) <= (side * merge) ** 2


def test_a_prompt_of_text_has_no_vision():
    model = MODELS["llava"]()
    prompt = {"input_ids": torch.tensor([[1, 5, 9, 11]])}
    counted, expected = both(METHODS["identity"], model, prompt)
    assert expected.keys() == {"prefill"} and counted["tower"].total == counted["projector"].total == 0
    audit_stages(counted, expected)


def test_the_stage_that_differs_is_named():
    model = MODELS["llava"]()
    prompt = prompt_for(model, samples=1)
    counted, expected = both(METHODS["identity"], model, prompt)
    with pytest.raises(PrunariumError, match=r"of linear in the projector, the closed form has .* are missing"):
        audit_stages(counted, {**expected, "projector": expected["projector"] + expected["projector"]})
