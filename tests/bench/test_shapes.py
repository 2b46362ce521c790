"""Costs counted on shapes alone are those of a real pass."""

from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from prunarium import PrunariumError
from prunarium.bench import shapes
from prunarium.bench.cells import Cell, prepare
from prunarium.bench.run import Run
from prunarium.bench.verification import Again, verify
from prunarium.records import MeasuredScore


def counted(method: str, model: str, **parameters: Any) -> MeasuredScore:
    return prepare(Cell(method=method, model=model, parameters=parameters, device="meta")).measure()


@pytest.mark.parametrize(
    ("method", "parameters"),
    [("tome", {"r": 13}), ("evit", {"keep_rate": 0.7}), ("evit", {"keep_rate": 0.5, "fuse": False})],
)
def test_a_vit_costs_what_its_real_pass_costs(method: str, parameters: dict[str, Any]) -> None:
    model = "vit_tiny_patch16_224"
    ours = counted(method, model, **parameters)
    prepared = prepare(Cell(method=method, model=model, parameters=parameters))
    run = Run(prepared.run.card, prepared.run.method, prepared.run.workload, "none", ())
    assert ours.cost == run.measure().cost
    assert (ours.environment.device_kind, ours.speed, ours.quality) == ("meta", [], None)
    assert (ours.weights, ours.environment.threads) == (shapes.WEIGHTS, 1)


def test_an_image_size_of_its_own() -> None:
    score = counted("tome", "vit_tiny_patch16_224@384", r=8)
    assert score.model == "vit_tiny_patch16_224@384"
    assert score.cost.tokens_baseline == [24 * 24 + 1] * 12
    assert score.cost.macs_baseline == counted("tome", "vit_tiny_patch16_384", r=8).cost.macs_baseline


def test_the_largest_model_is_counted_at_once() -> None:
    score = counted("tome", "vit_huge_patch14_224", r=7)
    assert round(score.cost.macs_baseline / 1e9, 1) == 167.3
    assert round(score.cost.macs / 1e9, 1) == 92.9


@pytest.mark.parametrize("text", [0, 36])
def test_a_decoder_follows_the_closed_form_of_its_layers(text: int) -> None:
    name = "llava-1.5-7b-decoder" + (f"+{text}" if text else "")
    cost = counted("fastv", name, layer=2, drop_rate=0.5).cost
    width, feed_forward = 4096, 11008

    def layer(tokens: int) -> int:
        return 4 * tokens * width**2 + 2 * tokens**2 * width + 3 * tokens * width * feed_forward

    assert cost.macs_baseline == 32 * layer(576 + text)
    assert cost.macs == 2 * layer(576 + text) + 30 * layer(288 + text)
    assert cost.tokens == [576.0] * 2 + [288.0] * 30


def test_what_is_evicted_after_the_prompt_was_read() -> None:
    cost = counted("voco-llama", "llava-1.5-7b-decoder", weights="random", number=1).cost
    assert cost.tokens == [1.0] * 32
    assert cost.macs > cost.macs_baseline, "one token more than the image has"


def test_a_decoder_costs_what_the_real_llama_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    small = shapes.Decoder(layers=3, width=256, feed_forward=300, image_tokens=40)
    monkeypatch.setitem(shapes.DECODERS, "small-decoder", small)
    cost = counted("fastv", "small-decoder+5", layer=1, drop_rate=0.5).cost
    assert (cost.macs_baseline, cost.macs) == (_real([45] * 3), _real([45, 25, 25]))


def _real(tokens: list[int]) -> int:
    """Multiply-accumulates of real Llamas of one layer, on real numbers."""
    from transformers import LlamaConfig, LlamaModel

    config = LlamaConfig(
        hidden_size=256, intermediate_size=300, num_hidden_layers=1, num_attention_heads=2, vocab_size=8
    )
    model: nn.Module = LlamaModel(config).eval()
    total = 0
    for count in tokens:
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            model(inputs_embeds=torch.randn(1, count, 256), use_cache=False)
        total += counter.get_total_flops() // 2
    return total


def test_a_recorded_count_can_be_verified(tmp_path: Any) -> None:
    score = counted("evit", "vit_tiny_patch16_224", keep_rate=0.7)
    assert verify("evit", tmp_path / "score.json", score, Again()).verdict == "passed"
    wrong = score.model_copy(update={"cost": score.cost.model_copy(update={"macs": score.cost.macs + 1})})
    assert verify("evit", tmp_path / "score.json", wrong, Again()).verdict == "failed"


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ({"model": None}, "--model is missing"),
        ({"model": "vit_tinny_patch16_224"}, "did you mean 'vit_tiny_patch16_224'"),
        ({"model": "resnet18"}, "no vision transformer"),
        ({"model": "vit_tiny_patch16_224@"}, "needs a number"),
        ({"model": "vit_tiny_patch16_224@0"}, "needs a number"),
        ({"model": "vit_tiny_patch16_224@100"}, "no whole number of 16"),
        ({"model": "vit_tiny_patch16_224", "benchmark": "imagenet"}, "--benchmark cannot be given"),
        ({"model": "llava-1.5-7b-decoder"}, "does not work on Llava"),
        ({"model": "llava-1.5-7b-decoder+x"}, "needs a number above 0 after"),
    ],
)
def test_what_cannot_be_counted_is_said_in_one_line(cell: dict[str, Any], message: str) -> None:
    with pytest.raises(PrunariumError, match=message) as caught:
        prepare(Cell(method="tome", device="meta", **cell))
    assert "\n" not in str(caught.value)


def test_a_decoder_has_no_budget_to_search() -> None:
    with pytest.raises(PrunariumError, match="--param"):
        prepare(Cell(method="fastv", device="meta", model="llava-1.5-7b-decoder", budget=0.5))
