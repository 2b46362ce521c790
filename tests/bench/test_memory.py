"""Peak memory on the processor is a count of bytes: exact on a small example, the same in every run."""

import pytest
import torch
from torch import nn

from prunarium import PrunariumError, load
from prunarium.bench.benchmarks import classify, find_benchmark, next_word
from prunarium.bench.memory import batch_of, peak_memory

CPU = torch.device("cpu")


@torch.inference_mode()
def peak(model, inputs, answer=lambda model, inputs: model(inputs["x"])):
    return peak_memory(lambda: answer(model, inputs), model, inputs, CPU)


def test_a_small_example():
    model, inputs = nn.Linear(10, 20, bias=False), {"x": torch.zeros(4, 10)}
    held = 4 * 10 * 20 + 4 * 4 * 10
    assert peak(model, inputs) == held + 4 * 4 * 20
    assert peak(nn.Sequential(model, nn.ReLU()), inputs) == held + 2 * 4 * 4 * 20, "two outputs at once"
    assert peak(nn.Sequential(model, nn.ReLU(), nn.ReLU()), inputs) == held + 2 * 4 * 4 * 20, "never three"
    assert peak(nn.Sequential(model, nn.ReLU(inplace=True)), inputs) == held + 4 * 4 * 20
    assert peak(model.half(), {"x": inputs["x"].half()}) == (held + 4 * 4 * 20) // 2


def test_what_is_given_back_does_not_count():
    def step(model, inputs):
        for _ in range(5):
            torch.empty(1000)

    held = 4 * 10 * 20 + 4 * 4 * 10
    assert peak(nn.Linear(10, 20, bias=False), {"x": torch.zeros(4, 10)}, step) == held + 4000


def test_identity_costs_nothing_and_every_run_gives_the_same():
    shipped = find_benchmark("cluttered-digits")
    model, data = shipped.model(), shipped.make(5, 0)
    inputs = data.batch(0, 4, CPU)
    untouched = peak(model, inputs, classify)
    assert peak(model, inputs, classify) == untouched
    assert untouched < peak(model, data.batch(0, 5, CPU), classify)
    with load("identity").apply(model):
        assert peak(model, inputs, classify) == untouched


def test_more_tokens_more_bytes():
    shipped = find_benchmark("digit-grid")
    model, inputs = shipped.model(), shipped.make(4, 0).batch(0, 4, CPU)
    peaks = [peak(model, inputs, next_word)]
    for drop_rate in (0.1, 0.25, 0.5):  # with fewer tokens the peak lies in the tower, where nothing is dropped
        with load("fastv", drop_rate=drop_rate).apply(model):
            peaks.append(peak(model, inputs, next_word))
    assert peaks == sorted(set(peaks), reverse=True)


def test_a_batch_that_does_not_fit_is_one_line():
    said = "a batch of 7 does not fit into memory; give a smaller --batch-size"
    with pytest.raises(PrunariumError, match=said), batch_of(7):
        torch.empty(2**50)


def test_other_faults_stay_what_they_are():
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"), batch_of(7):
        torch.zeros(2, 3) @ torch.zeros(2, 3)
