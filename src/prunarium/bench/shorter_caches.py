"""What becomes of a shorter cache on the clock: methods timed on one decoder, in the prompt and in words after it."""

from collections.abc import Iterable
from dataclasses import dataclass

from prunarium.bench.equal_macs import Place, place_of
from prunarium.records import Cache, Decode, Interval, MeasuredScore, Speed


@dataclass(frozen=True)
class Phases:
    """One method at one budget: the prompt, the words after it, and what its own work takes of both.

    Attributes:
        cache: behind the prompt.
        word: of the words after it.
        own: milliseconds of a word in the method's own work.
    """

    score: MeasuredScore
    speed: Speed
    cache: Cache
    word: Decode
    own: Interval

    @property
    def budget(self) -> float:
        """Share of the prompt that is in the cache."""
        return self.score.cost.budget

    @property
    def answer(self) -> float:
        """Untouched time over method time of the prompt and all words together; above 1 is faster."""
        untouched, method = (
            prompt.median + self.word.words * one.median
            for prompt, one in (
                (self.speed.baseline_ms, self.word.baseline_ms),
                (self.speed.method_ms, self.word.method_ms),
            )
        )
        return untouched / method


def shorter_caches(scores: Iterable[MeasuredScore]) -> dict[Place, list[Phases]]:
    """By place, what was timed on decoders of others at one batch size: the largest budget first, and of one budget the
    fastest words."""
    found: dict[Place, list[Phases]] = {}
    for score in scores:
        cache = score.cost.cache
        for speed in score.speed[:1]:
            word = speed.decode
            if score.family == "decoder" and score.benchmark is None and cache and word and word.own_ms:
                found.setdefault(place_of(score), []).append(Phases(score, speed, cache, word, word.own_ms))
    for phases in found.values():
        phases.sort(key=lambda one: (-round(one.budget, 1), -one.word.ratio.median))
    return found
