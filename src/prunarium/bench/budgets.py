"""A method turned to a budget on a workload."""

from dataclasses import replace

import torch

from prunarium.bench.workload import Workload
from prunarium.families import TokenMethod, shape_of, with_budget
from prunarium.registry import load_method


@torch.inference_mode()
def at_budget(method: TokenMethod, budget: float, workload: Workload) -> TokenMethod:
    """The method with its knob turned so that its mean tokens per block are ``budget`` of the untouched model's.

    Raises:
        PrunariumError: the budget is none, or the method cannot come within 1 % of it.
    """
    with load_method("identity").apply(workload.model) as handle:
        workload.answer(workload.model, workload.data.batch(0, 1, workload.device))
        tokens = handle.report().tokens_in[0]
    return with_budget(method, budget, replace(shape_of(method, workload.model), tokens=tokens))
