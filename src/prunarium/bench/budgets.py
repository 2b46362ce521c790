"""A method turned to a budget on a workload."""

from dataclasses import replace

import torch

from prunarium.bench.counters import count_macs, mean_macs
from prunarium.bench.samples import Inputs
from prunarium.bench.workload import Workload
from prunarium.errors import PrunariumError
from prunarium.families import Shape, TokenMethod, adapter_for, shape_of, tokens_per_block, with_budget
from prunarium.records import BUDGET_TOLERANCE
from prunarium.registry import load_token_method

SAMPLES = 500  # a method whose counts are not known is run on so many for each try
COUNTED = 16
"""Samples whose multiply-accumulates are counted, where they depend on the data; large models are run on as many."""


def counts_known(method: TokenMethod, workload: Workload) -> bool:
    """Whether a method's setting alone tells how many tokens it leaves of every sample of a workload.

    An image that is cut into tiles, or has a grid of its own size, has tokens that ``tokens_per_block`` knows nothing
    of: newlines, or the same share of every tile.
    """
    adapter = adapter_for(method, workload.model)
    plain = getattr(adapter, "alike", True)
    return not method.adaptive and (plain or not (getattr(adapter, "enters", False) or workload.varied))


@torch.inference_mode()
def at_budget(method: TokenMethod, budget: float, workload: Workload) -> TokenMethod:
    """The method with its knob turned so that its mean tokens per block are ``budget`` of the untouched model's.

    Raises:
        PrunariumError: the budget is none, or the method cannot come within 1 % of it.
    """
    shape = _shape(method, workload)
    if counts_known(method, workload):
        return with_budget(method, budget, shape)
    return with_budget(method, budget, shape, lambda candidate, _: _found_by_running(candidate, workload))


def at_macs(method: TokenMethod, share: float, workload: Workload) -> TokenMethod:
    """The method with its knob turned so that a sample costs ``share`` of the untouched model's multiply-accumulates.

    The method's own are counted in; of an adaptive method, the mean over the first samples.

    Raises:
        PrunariumError: the share is none, or the method cannot come within 1 % of it.
    """
    model, inputs = workload.model, first_samples(method, workload)
    untouched = count_macs(model, workload.answer, inputs[0]).total
    known: dict[tuple[int, ...], float] = {}

    def count(candidate: TokenMethod) -> float:
        with candidate.apply(model) as handle:
            return mean_macs([count_macs(model, workload.answer, one, handle) for one in inputs]).total / untouched

    def measure(candidate: TokenMethod, shape: Shape) -> float:
        if not counts_known(candidate, workload):
            return count(candidate)
        tokens = tuple(tokens_per_block(candidate, shape))
        if tokens not in known:  # a large model takes its time
            known[tokens] = count(candidate)
        return known[tokens]

    return with_budget(method, share, _shape(method, workload), measure)


def first_samples(method: TokenMethod, workload: Workload) -> list[Inputs]:
    """The samples, one by one, whose multiply-accumulates stand for all: one, or several where they differ."""
    count = min(COUNTED, len(workload.data)) if method.adaptive or workload.varied else 1
    return [workload.data.batch(index, 1, workload.device) for index in range(count)]


@torch.inference_mode()
def _shape(method: TokenMethod, workload: Workload) -> Shape:
    """The shape of the workload's model, with as many tokens as its inputs make."""
    with load_token_method("identity").apply(workload.model) as handle:
        workload.answer(workload.model, workload.data.batch(0, 1, workload.device))
        return replace(shape_of(method, workload.model), tokens=handle.report().tokens_in[0])


def check_budget(method: TokenMethod, wanted: float, found: float, known: bool = True) -> None:
    """Refuse a score whose budget is not the one that was asked for.

    A method whose counts were not known is turned on the first samples and measured on all: it may miss by twice the
    tolerance.

    Raises:
        PrunariumError: the run missed the budget.
    """
    most = BUDGET_TOLERANCE * (1 if known and not method.adaptive else 2)
    if round(abs(found - wanted), 6) > most:
        raise PrunariumError(
            f"{method!r} was to keep a budget of {wanted:g} and kept {found:.3f}, more than {most:g} off; give its "
            "parameters instead of --budget"
        )


def _found_by_running(method: TokenMethod, workload: Workload) -> float:
    """Mean tokens per block of the first samples, of the untouched model's."""
    data, size = workload.data, workload.batch
    budgets = []
    with method.apply(workload.model) as handle:
        for start in range(0, min(len(data), SAMPLES if size > 1 else COUNTED), size):
            handle.samples = start
            workload.answer(workload.model, data.batch(start, min(size, len(data) - start), workload.device))
            report = handle.report()
            left = report.per_sample(handle.batch).double().mean(dim=1)
            budgets += (left / report.entered(handle.batch)).tolist()
    return sum(budgets) / len(budgets)
