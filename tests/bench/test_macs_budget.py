"""``--macs``: methods turned to a share of the untouched model's multiply-accumulates."""

import pytest

from prunarium import PrunariumError
from prunarium.bench import budgets
from prunarium.bench.cells import Cell, prepare
from prunarium.bench.counters import count_macs


def cell(method, **values):
    return Cell(method=method, benchmark="cluttered-digits", samples=100, seconds=0, batch_sizes=(1,), **values)


@pytest.mark.parametrize("method", ["tome", "evit", "ats"])
def test_a_share_is_reached_on_data(method):
    score = prepare(cell(method, macs=0.65)).measure()
    assert score.cost.macs / score.cost.macs_baseline == pytest.approx(0.65, abs=0.01)
    assert "--macs 0.65" in score.command


def test_a_share_is_reached_on_shapes():
    score = prepare(Cell(method="tome", model="deit_tiny_patch16_224", device="meta", macs=0.65)).measure()
    assert score.cost.macs / score.cost.macs_baseline == pytest.approx(0.65, abs=0.01)


def test_settings_that_keep_the_same_tokens_are_counted_once(monkeypatch):
    """A large model takes its time for every count."""
    counted = []

    def count(model, answer, one, handle=None):
        counted.append(repr(handle.method) if handle else "untouched")
        return count_macs(model, answer, one, handle)

    monkeypatch.setattr(budgets, "count_macs", count)
    prepare(cell("evit", macs=0.65))
    assert len(counted) == len(set(counted)) < 20, "of 30 tries"


def test_what_contradicts_itself_is_refused():
    with pytest.raises(PrunariumError, match="--budget and --macs both turn the method"):
        prepare(cell("tome", macs=0.65, budget=0.5))
    with pytest.raises(PrunariumError, match=r"--macs finds keep_rate by itself; leave out --param keep_rate"):
        prepare(cell("evit", macs=0.65, parameters={"keep_rate": 0.7}))
    with pytest.raises(PrunariumError, match="a budget is above 0 and at most 1, not 2"):
        prepare(cell("evit", macs=2.0))
