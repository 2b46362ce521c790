"""Under which condition a score was measured: only scores of one condition, at one budget, can be compared."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from prunarium.records import BUDGET_TOLERANCE, Family, MeasuredScore

EQUAL_BUDGETS = (0.75, 0.5, 0.25, 0.11)
"""At which methods are compared; a benchmark need not have scores at all of them."""
LANGUAGE_BUDGETS = (0.75, 0.5, 0.25, 0.1)
"""The same of methods for text."""
USUAL_BUDGETS: dict[Family, tuple[float, ...]] = {
    "vit": (0.75, 0.5, 0.25),
    "vlm": (0.5, 0.25, 0.11),
    "encoder": (0.5, 0.25, 0.1),
    "decoder": (0.5, 0.25, 0.1),
    "prompt": (0.5, 0.25, 0.1),
}
"""At which the methods of a family are measured; papers on vision-language models keep 64 of 576 tokens and fewer."""
OFF_THE_SHELF, LEARNED, TRAINED = "off the shelf", "learned parts, the model as it is", "trained with the method"
"""Nothing was trained; the method's own parts were; the model was, and the parts with it."""


@dataclass(frozen=True, order=True)
class Condition:
    """What must be alike for scores to be compared; the methods and their settings are all that differs.

    Models that were trained with the method differ in their weights, which therefore do not count there.
    """

    benchmark: str
    revision: int
    data: str
    model: str
    training: str
    weights: str
    family: str
    metric: str
    samples: int
    device: str
    threads: int
    precision: str

    def against(self, other: "Condition") -> str:
        """``device H200 instead of Xeon``: where this one differs from another."""
        here, there = asdict(self), asdict(other)
        differing = [name for name in here if here[name] != there[name]]
        if "training" in differing and "weights" in differing:
            differing.remove("weights")  # they differ because of it
        return ", ".join(f"{name} {_short(here[name])} instead of {_short(there[name])}" for name in differing)

    def __str__(self) -> str:
        training = "" if self.training == OFF_THE_SHELF else f", {self.training}"
        return (
            f"{self.benchmark} revision {self.revision}, model {self.model}{training}, {self.device}, "
            f"{self.threads} threads, {self.precision}"
        )


def condition_of(score: MeasuredScore) -> Condition | None:
    """The condition of a score; ``None`` where quality was not measured."""
    if score.quality is None or score.benchmark is None:
        return None
    return Condition(
        benchmark=score.benchmark,
        revision=score.benchmark_revision or 0,
        data=score.data_checksum or "",
        model=score.model,
        training=training_of(score),
        weights="" if score.trained else score.weights,
        family=score.family,
        metric=score.quality.metric,
        samples=score.quality.samples,
        device=score.environment.device,
        threads=score.environment.threads,
        precision=score.environment.precision,
    )


def training_of(score: MeasuredScore) -> str:
    """What was trained, of a score's method and model: scores that differ in it never stand in one table."""
    return TRAINED if score.trained else LEARNED if score.learned else OFF_THE_SHELF


def budgets_of(family: Family) -> tuple[float, ...]:
    """At which the methods of a family are compared."""
    return EQUAL_BUDGETS if family in ("vit", "vlm") else LANGUAGE_BUDGETS


def budget_near(budget: float, budgets: Iterable[float] = EQUAL_BUDGETS) -> float | None:
    """Which of the budgets this is, within 1 % of the untouched model's tokens."""
    nearest = min(budgets, key=lambda known: abs(known - budget))
    return nearest if round(abs(nearest - budget), 6) <= BUDGET_TOLERANCE else None


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:24]}..."
