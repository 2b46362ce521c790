"""Parts of large LLaVAs: few layers of the full width, and nothing of it is mistaken for the whole."""

import pytest
import torch

from prunarium import PrunariumError
from prunarium.bench.cells import Cell, prepare
from prunarium.bench.decoders import DECODERS
from prunarium.bench.equal_macs import SHARE
from prunarium.bench.executors.together import Together, check_alike
from prunarium.bench.few_layers import few_layers
from prunarium.bench.sweeps import read_sweep
from prunarium.paths import root
from prunarium.registry import cards

from .few_layers import NAME, known

SWEEP = root() / "scripts" / "vlm_overhead.yaml"


def test_the_name_says_which_part():
    part = few_layers("llava-1.5-7b-5-of-32-layers+36")
    assert part.whole is DECODERS["llava-1.5-7b-decoder"]
    assert (part.layers, part.text, part.image_size) == (5, 36, 336)
    assert few_layers("llava-1.5-7b-5-of-32-layers").text == 64
    assert few_layers("vit_tiny_patch16_224") is None
    assert few_layers("llava-1.5-7b-decoder+64") is None


@pytest.mark.parametrize(
    "name, message",
    [
        ("llava-1.5-7b-33-of-32-layers", "there is no such part of a model; there are llava-1.5-7b-N-of-32-layers, "),
        ("llava-1.5-7b-0-of-32-layers", "no such part"),
        ("llava-1.5-7b-5-of-40-layers", "no such part"),
        ("llava-next-7b-5-of-32-layers", "no such part"),
        ("llava-1.5-7b-5-of-32-layers+", "needs a number above 0 after"),
    ],
)
def test_other_parts_are_refused(name, message):
    with pytest.raises(PrunariumError, match=message):
        few_layers(name)


def test_the_full_width_and_the_whole_models_proportions():
    """Tower, layers and word head, each a share of the multiply-accumulates of one prompt."""
    whole = DECODERS["llava-1.5-7b-decoder"]
    part = few_layers("llava-1.5-7b-5-of-32-layers")
    with torch.device("meta"):
        large, small = whole.llava(part.image_size), part.part.llava(part.image_size)
    layers = small.model.language_model.layers
    assert [tuple(layer.mlp.up_proj.weight.shape) for layer in layers] == [(11008, 4096)] * 5
    assert (
        layers[0].self_attn.q_proj.weight.shape == (4096, 4096) and small.config.text_config.num_attention_heads == 32
    )
    assert (small.config.vision_config.image_size // small.config.vision_config.patch_size) ** 2 == 576

    def sizes(model):
        parts = (model.model.vision_tower.encoder, model.model.language_model.layers, model.lm_head)
        return [sum(parameter.numel() for parameter in one.parameters()) for one in parts]

    shares = [few / all_of_it for few, all_of_it in zip(sizes(small), sizes(large), strict=True)]
    assert shares == pytest.approx([5 / 32] * 3, rel=0.07)
    float32 = sum(parameter.numel() for parameter in small.parameters()) * 4
    assert float32 < 5e9


def test_it_runs_as_any_model(monkeypatch):
    known(monkeypatch)
    cell = Cell(method="fastv", model=NAME, parameters={"layer": 1}, batch_sizes=(1,), seconds=0, threads=1)
    prepared = prepare(cell)
    score = prepared.measure()
    assert (score.model, score.weights, score.benchmark, score.quality) == (NAME, "random, torch seed 0", None, None)
    assert "3 of 4 layers" in prepared.run.workload.warning
    assert score.cost.cache.entries == [46, 28, 28]
    assert score.cost.tokens == score.cost.cache.tokens_read == [36, 18, 18]
    assert score.speed[0].decode.words > 0
    again = prepare(cell).run.workload
    for name, weight in prepared.run.workload.model.state_dict().items():
        assert torch.equal(weight, again.model.state_dict()[name]), "the seed makes the weights"


def test_options_that_mean_nothing_are_refused(monkeypatch, tmp_path):
    known(monkeypatch)
    with pytest.raises(PrunariumError, match="--image must be left out: small-3-of-4-layers"):
        prepare(Cell(method="fastv", model=NAME, image=tmp_path / "x.png"))


def test_methods_take_turns_on_one_model_at_one_share(monkeypatch, tmp_path):
    """Before the language model, inside it, and after the prompt."""
    known(monkeypatch)
    made, build = [], type(few_layers(NAME)).build
    monkeypatch.setattr("prunarium.bench.few_layers.LlavaLayers.build", lambda *words: made.append(1) or build(*words))
    common = {"model": NAME, "batch_sizes": (1,), "seconds": 0, "threads": 1}
    cells = [
        Cell(method="fastv", macs=0.8, parameters={"layer": 1}, **common),
        Cell(method="visionzip", macs=0.8, **common),
        Cell(method="prefixkv", budget=0.5, **common),
    ]
    outcomes = list(Together(tmp_path).run(cells))
    assert [outcome.state for outcome in outcomes] == ["measured"] * 3, [outcome.error for outcome in outcomes]
    assert len(made) == 1
    inside, before, after = (outcome.score for outcome in outcomes)
    for score in (inside, before):
        assert score.cost.macs / score.cost.macs_baseline == pytest.approx(0.8, abs=0.01)
    assert after.cost.macs >= after.cost.macs_baseline and after.cost.budget == pytest.approx(0.5, abs=0.02)
    assert after.cost.cache.tokens_read == [36] * 3 and after.cost.cache.bytes < after.cost.cache.bytes_baseline
    assert inside.speed[0].decode.baseline_ms == after.speed[0].decode.baseline_ms


def test_the_sweep_of_overheads_is_one_run():
    """Of methods of the family alone, all at the share of the site's table but those that cannot come there."""
    cells = read_sweep(SWEEP)
    assert {cell.method for cell in cells} <= {card.id for card in cards().values() if "vlm" in card.families}
    check_alike(cells)
    assert few_layers(cells[0].model).layers == 5
    assert {cell.method for cell in cells if cell.macs is None and cell.budget is None} == {"vtw", "voco-llama"}
    assert {cell.macs for cell in cells} == {SHARE, None}
