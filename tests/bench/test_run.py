"""One run in the process itself: what it measures, that it gives the same again, and that the model is left alone."""

import dataclasses
import json

import numpy as np
import pytest
import torch

from prunarium import PrunariumError, load
from prunarium.bench import records, workload, workloads
from prunarium.bench.benchmarks import find_benchmark
from prunarium.bench.run import Run
from prunarium.families import VitMethod
from prunarium.records import MeasuredScore
from prunarium.registry import find_card

CPU = torch.device("cpu")


def prepare(method, name, benchmark, **options):
    return Run(
        card=find_card(name),
        method=method,
        workload=workloads.embedded(find_benchmark(benchmark), CPU, samples=300),
        command=f"prunarium run {name}",
        **{"batch_sizes": (1,), "seconds_per_batch_size": 0, **options},
    )


def measure(name, benchmark, **parameters):
    return prepare(load(name, **parameters), name, benchmark).measure()


def untimed(score):
    """All of a score that must come out again, bit by bit."""
    times = dict.fromkeys(("baseline_ms", "method_ms", "ratio", "own_ms", "own_share"), True)
    return score.model_dump(exclude={"measured_on": True, "speed": {"__all__": {**times, "decode": times}}})


def test_identity_equals_the_untouched_model():
    score = measure("identity", "cluttered-digits")
    assert score.quality.method == score.quality.baseline >= 0.9
    assert (score.quality.difference_low, score.quality.difference_high) == (0, 0)
    assert (score.cost.macs, score.cost.macs_own) == (score.cost.macs_baseline, 0)
    assert score.cost.budget == 1
    assert score.speed[0].peak_memory == score.speed[0].peak_memory_baseline


@pytest.mark.slow
@pytest.mark.parametrize("benchmark", ["cluttered-digits", "digit-grid"])
def test_identity_is_as_fast_as_the_untouched_model(benchmark):
    """The harness's own test, to be read by a person on a machine that does nothing else: no time is asserted."""
    run = prepare(load("identity"), "identity", benchmark, batch_sizes=(1, 64), seconds_per_batch_size=4)
    for speed in run.measure().speed:
        ratio = speed.ratio
        assert ratio.ci_low <= ratio.median <= ratio.ci_high and ratio.repeats >= 8
        print(
            f"{benchmark}, batch {speed.batch_size}: identity's speed ratio {ratio.median:.3f} "
            f"[{ratio.ci_low:.3f}, {ratio.ci_high:.3f}], {ratio.repeats} pairs; "
            f"{'holds' if ratio.ci_low <= 1 <= ratio.ci_high else 'does not hold'} 1.00"
        )


@pytest.mark.parametrize(
    "name, benchmark, parameters",
    [
        ("tome", "cluttered-digits", {"r": 4}),
        ("evit", "cluttered-digits", {}),
        pytest.param("fastv", "digit-grid", {}, marks=pytest.mark.slow),
    ],
)
def test_the_same_run_twice_gives_the_same_numbers(name, benchmark, parameters):
    one, other = measure(name, benchmark, **parameters), measure(name, benchmark, **parameters)
    assert untimed(one) == untimed(other)
    assert one.cost.macs < one.cost.macs_baseline
    assert one.cost.macs_own > 0
    assert one.parameters.items() >= parameters.items()
    assert 0 < one.speed[0].own_share < 1


def test_the_model_is_left_alone():
    run = prepare(load("tome", r=4), "tome", "cluttered-digits")
    inputs = run.workload.data.batch(0, 5, CPU)
    with torch.inference_mode():
        before = run.workload.answer(run.workload.model, inputs)
        run.measure()
        assert (run.workload.answer(run.workload.model, inputs) == before).all()


def test_progress_goes_one_way():
    run = prepare(load("evit"), "evit", "cluttered-digits", batch_sizes=(1, 2))
    told = []
    run.progress = lambda what, done: told.append((done, what))
    run.measure()
    shares = [done for done, _ in told]
    assert shares == sorted(shares) and shares[0] >= 0 and shares[-1] == 1
    assert {what for _, what in told} >= {"quality", "cost", "speed at batch size 1", "speed at batch size 2", "done"}


class Asleep(VitMethod):
    """Should keep one patch token, but does nothing in a real model."""

    def reduce(self, tokens, attention, block):
        return tokens if torch.is_inference_mode_enabled() else tokens.keep(torch.zeros(1, 1, dtype=torch.long))


def test_a_method_that_did_not_act_gets_no_score():
    with pytest.raises(PrunariumError, match=r"Asleep\(\) left 65 of 65 tokens after block 0"):
        prepare(Asleep(), "identity", "cluttered-digits").measure()


@pytest.mark.parametrize("broken", ["the untouched model", "the method"])
def test_scores_that_are_no_numbers_are_no_answers(broken):
    """Sample 123 alone: a NaN in its picture, for the model; a method that divides by zero."""
    run = prepare(Overflowing() if broken == "the method" else load("identity"), "identity", "cluttered-digits")
    if broken == "the untouched model":
        run.workload.data.inputs["images"][123] = float("nan")
    with pytest.raises(PrunariumError, match=r"answers sample 123 \(the first is 0\) with scores .* in float32"):
        run.measure()


class Overflowing(VitMethod):
    """Makes one sample infinite."""

    def reduce(self, tokens, attention, block):
        which = torch.arange(len(tokens.x)) + tokens.first_sample == 123
        return dataclasses.replace(tokens, x=tokens.x.masked_fill(which[:, None, None], float("inf")))


def test_slow_attention_is_no_rival():
    """As TIMM_FUSED_ATTN=0 makes it, and attn_implementation='eager'."""
    run = prepare(load("evit"), "evit", "cluttered-digits")
    for block in run.workload.model.blocks:
        block.attn.fused_attn = False
    with pytest.raises(PrunariumError, match=r"100 % of its attention without the fused kernel.*TIMM_FUSED_ATTN"):
        run.measure()
    run = prepare(load("fastv"), "fastv", "digit-grid")
    run.workload.model.model.language_model.set_attn_implementation("eager")
    with pytest.raises(PrunariumError, match=r"of its attention without the fused.*set_attn_implementation\('sdpa'\)"):
        run.measure()


def test_a_batch_that_does_not_fit_is_one_clear_line():
    with pytest.raises(PrunariumError, match=r"a batch of 10000000000000 does not fit .* smaller --batch-size"):
        prepare(load("evit"), "evit", "cluttered-digits", batch_sizes=(1, 10**13)).measure()


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_other_precisions_are_audited_alike(precision):
    run = prepare(load("tome", r=4), "tome", "cluttered-digits")
    half = dataclasses.replace(run, workload=workload.in_precision(run.workload, precision)).measure()
    assert half.environment.precision == precision
    full = measure("tome", "cluttered-digits", r=4)
    assert half.cost == full.cost
    assert half.key != full.key
    assert half.speed[0].peak_memory < full.speed[0].peak_memory


def test_record_reads_back(tmp_path):
    score = measure("tome", "cluttered-digits", r=4)
    path = tmp_path / "measured" / f"cluttered-digits-{score.key}.json"
    records.write_score(score, path)
    assert MeasuredScore.model_validate(json.loads(path.read_text())) == score
    assert np.isfinite([speed.ratio.median for speed in score.speed]).all()
