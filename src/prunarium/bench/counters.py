"""Multiply-accumulates, counted by torch's FlopCounterMode and held against the closed form of the model's family.

Some counters do not see fused attention and so understate the untouched model; a mismatch is an error here.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from typing import Any, get_args

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from prunarium.bench.samples import Inputs
from prunarium.errors import PrunariumError
from prunarium.families import Handle
from prunarium.records.score import Stage

TOLERANCE = 0.01
MISSING = "missing: this torch does not count all of it; use another version"
TOO_MANY = "too many: the model, or the method outside its reduce, computes what the closed form does not know"
LINEAR = {"mm", "addmm", "_scaled_mm"}
LINEAR_ONLY = {"projector"}
"""Stages without attention: there torch computes linear layers on several tiles as products of batches."""
WHOLE, OWN = "whole", "own"
"""A model without stages; and the method's own work, which is apart from all stages."""
MODULES: dict[Stage, tuple[str, ...]] = {
    "tower": ("model.vision_tower", "model.visual"),
    "projector": ("model.multi_modal_projector", "model.visual.merger"),
}
"""Where transformers keep these stages of a vision-language model; the rest of it is the last stage, the prefill."""


@dataclass(frozen=True)
class Macs:
    """Multiply-accumulates of one forward pass.

    Attributes:
        convolution: the patch embedding.
        linear: projections, MLPs and heads.
        attention: the two products of attention, fused or not.
        own: the method's own work.
    """

    convolution: int = 0
    linear: int = 0
    attention: int = 0
    own: int = 0

    @property
    def total(self) -> int:
        """All together."""
        return sum(asdict(self).values())

    def __add__(self, other: "Macs") -> "Macs":
        return Macs(**{term: count + getattr(other, term) for term, count in asdict(self).items()})


Stages = Mapping[str, Macs]
"""Multiply-accumulates of each stage: ``tower``, ``projector`` and ``prefill``, or ``WHOLE``; and ``OWN``."""


def total(counts: Iterable[Macs]) -> Macs:
    """The sum, term by term."""
    return sum(counts, Macs())


def mean_macs(counts: Sequence[Macs]) -> Macs:
    """The mean of several samples, term by term, rounded to whole ones."""
    terms = asdict(total(counts))
    return Macs(**{term: round(count / len(counts)) for term, count in terms.items()})


def mean_stages(counts: Sequence[Stages]) -> Stages:
    """The mean of several samples, stage by stage."""
    return {stage: mean_macs([one[stage] for one in counts]) for stage in counts[0]}


def count_macs(model: nn.Module, answer: Any, inputs: Inputs, handle: Handle | None = None) -> Macs:
    """Multiply-accumulates of one forward pass, everything that runs included; as ``count_stages``, in one sum."""
    return total(count_stages(model, answer, inputs, handle).values())


def count_stages(model: nn.Module, answer: Any, inputs: Inputs, handle: Handle | None = None) -> Stages:
    """Multiply-accumulates of each stage of one forward pass, everything that runs included.

    Args:
        model: the model.
        answer: runs it on ``inputs``.
        inputs: of one sample.
        handle: of the method in the model; what runs inside its ``watch`` is counted apart.
    """
    everything, own = _count(model, answer, inputs, handle)
    stages = {stage: _by_term(counts - own.get(stage, Counter()), stage) for stage, counts in everything.items()}
    return {**stages, OWN: Macs(own=sum(counts.total() for counts in own.values()))}


def check_fused(model: nn.Module, answer: Any, inputs: Inputs) -> None:
    """Refuse a model whose attention is not fused: a speed-up against it would be one against a slow rival. One that
    transformers cannot fuse, such as DeBERTa, has no faster rival.

    Args:
        model: untouched.
        answer: runs it on ``inputs``.
        inputs: of one sample.

    Raises:
        PrunariumError: more than 1 % of its attention went through ordinary matrix products.
    """
    if not getattr(model, "_supports_sdpa", True):
        return
    everything, _ = _count(model, answer, inputs, None)
    operators = sum(everything.values(), Counter())
    fused = sum(count for operator, count in operators.items() if "scaled_dot_product" in operator)
    attention = sum(_by_term(counts, stage).attention for stage, counts in everything.items())
    if fused < (1 - TOLERANCE) * attention:
        raise PrunariumError(
            f"the untouched model computes {100 * (1 - fused / attention):.0f} % of its attention without the fused "
            "kernel, and scores are against fused attention; unset TIMM_FUSED_ATTN for a timm model, call "
            "set_attn_implementation('sdpa') on a transformers one"
        )


ByStage = dict[str, Counter[str]]
"""Multiply-accumulates by operator, for each stage."""


def _count(model: nn.Module, answer: Any, inputs: Inputs, handle: Handle | None) -> tuple[ByStage, ByStage]:
    """What everything took, and what of it ran inside the handle's ``watch``."""
    own: ByStage = {}
    modules = _modules(model)
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    for parameter in trainable:
        parameter.requires_grad_(False)  # the counter trips over a learned query that needs a gradient
    try:
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            if handle is not None:
                handle.watch = lambda: _counted_apart(counter, modules, own)
            answer(model, inputs)
    finally:
        if handle is not None:
            handle.watch = nullcontext
        for parameter in trainable:
            parameter.requires_grad_(True)
    return _so_far(counter, modules), own


def _modules(model: nn.Module) -> dict[str, str]:
    """The counter's names of the modules that are a stage; empty for a model without stages."""
    there = dict(model.named_modules())
    names = {stage: next(filter(there.__contains__, known), "") for stage, known in MODULES.items()}
    return {stage: f"{type(model).__name__}.{name}" for stage, name in names.items()} if all(names.values()) else {}


def _so_far(counter: FlopCounterMode, modules: Mapping[str, str]) -> ByStage:
    counts = counter.get_flop_counts()

    def inside(module: str) -> Counter[str]:
        return Counter({str(operator): flops // 2 for operator, flops in counts.get(module, {}).items()})

    everything, found = inside("Global"), {stage: inside(name) for stage, name in modules.items()}
    if not found:
        return {WHOLE: everything}
    if modules["projector"].startswith(modules["tower"]):
        found["tower"] -= found["projector"]
    return {**found, "prefill": everything - sum(found.values(), Counter())}


@contextmanager
def _counted_apart(counter: FlopCounterMode, modules: Mapping[str, str], own: ByStage) -> Iterator[None]:
    before = _so_far(counter, modules)
    yield
    for stage, counts in _so_far(counter, modules).items():
        own.setdefault(stage, Counter()).update(counts - before[stage])


def _by_term(counts: Counter[str], stage: str) -> Macs:
    terms: Counter[str] = Counter()
    for operator, count in counts.items():
        name = operator.rpartition(".")[2]
        terms[
            "convolution" if "conv" in name else "linear" if name in LINEAR or stage in LINEAR_ONLY else "attention"
        ] += count
    return Macs(**terms)


def audit_stages(counted: Stages, expected: Stages) -> None:
    """Hold the count of each stage against its closed form; the method's own work has none.

    Raises:
        PrunariumError: as ``audit``; the error names the stage.
    """
    for stage, due in expected.items():
        audit(counted[stage], due, f" in the {stage}" if stage in get_args(Stage) else "")


def audit(counted: Macs, expected: Macs, where: str = "") -> None:
    """Hold a count against the closed form of the model's family, term by term; the method's own work has no such form.

    Raises:
        PrunariumError: a term of the count is more than 1 % off; the error names it.
    """
    for term in ("convolution", "linear", "attention"):
        seen, due = getattr(counted, term), getattr(expected, term)
        if abs(seen - due) > TOLERANCE * due:
            raise PrunariumError(
                f"the counter saw {seen / 1e6:.2f} M multiply-accumulates of {term}{where}, the closed form "
                f"has {due / 1e6:.2f} M, so {abs(seen - due) / 1e6:.2f} M are {MISSING if seen < due else TOO_MANY}"
            )
