"""What becomes of equal multiply-accumulates on the clock: methods turned to one share of them, timed on one model."""

from collections.abc import Iterable
from dataclasses import dataclass

from prunarium.records import MeasuredScore, Speed

SHARE = 0.65
"""Of the untouched model's multiply-accumulates."""
NEAR = 0.02
"""How far from that share a method may be, as a part of it: it can only drop whole tokens."""
LARGE = 32
"""Batch size from which on a step is large."""
AIMS = {False: 0.88, True: 0.95}
"""The least part of the ideal speed-up that is to arrive, at small and at large batches."""


@dataclass(frozen=True)
class Place:
    """What a table is about: times of one place stand side by side.

    Attributes:
        device: name, threads and precision.
    """

    model: str
    device: str
    threads: int
    precision: str


@dataclass(frozen=True)
class Timed:
    """One method at one batch size."""

    score: MeasuredScore
    speed: Speed

    @property
    def ideal(self) -> float:
        """The speed-up that the multiply-accumulates promise."""
        return self.score.cost.macs_baseline / self.score.cost.macs

    @property
    def arrived(self) -> float:
        """The part of the ideal speed-up that was measured."""
        return self.speed.ratio.median / self.ideal

    @property
    def without_own(self) -> float:
        """The part that would arrive if the method's own work took no time."""
        return self.arrived / (1 - self.speed.own_share)

    @property
    def aim(self) -> float:
        """The part that is to arrive at this batch size."""
        return AIMS[self.speed.batch_size >= LARGE]

    @property
    def meets(self) -> bool:
        """Whether it arrives."""
        return self.arrived >= self.aim


def equal_macs(scores: Iterable[MeasuredScore], share: float = SHARE) -> dict[Place, dict[str, dict[int, Timed]]]:
    """By place, method and batch size: what was timed at this share of the multiply-accumulates.

    Of several settings of a method the one nearest to the share counts.
    """
    found: dict[Place, dict[str, dict[int, Timed]]] = {}
    for score in sorted(scores, key=lambda one: -abs(_share(one) - share)):
        if score.speed and score.benchmark is None and abs(_share(score) - share) <= NEAR * share:
            by_method = found.setdefault(place_of(score), {})
            for speed in score.speed:
                by_method.setdefault(score.method, {})[speed.batch_size] = Timed(score, speed)
    return found


def place_of(score: MeasuredScore) -> Place:
    """Where a score was timed."""
    where = score.environment
    return Place(score.model, where.device, where.threads, where.precision)


def _share(score: MeasuredScore) -> float:
    return score.cost.macs / score.cost.macs_baseline
