"""Why numbers of papers cannot be compared with what was measured here, in a few words, so that they can be counted."""

from collections import Counter
from collections.abc import Iterable

from prunarium.records import ReportedScore
from prunarium.registry.claims import IMAGENET, Claim

_OF_TIME = ("speed-up", "timing")


def cause(row: ReportedScore, claim: Claim) -> str:
    """The cause of a claim that is not comparable, by what kind of number it is; empty where it is comparable."""
    if claim.status != "not comparable":
        return ""
    if claim.what in _OF_TIME:
        return "timed on another device, or the device is not named"
    if claim.what.startswith(("compute", "share of compute")):
        return _of_compute(row, claim)
    return _of_quality(row, claim)


def _of_compute(row: ReportedScore, claim: Claim) -> str:
    if row.counterpart is None:
        return "the source does not print the whole setting, or its model or variant does not exist here"
    if claim.measured is not None:
        return "the source leaves a part of the setting open"
    return "the source counts otherwise" if row.counterpart.share_only else "not counted here yet"


def _of_quality(row: ReportedScore, claim: Claim) -> str:
    if claim.measured is not None:
        return "measured with other weights"
    if row.trained:
        return "claimed after training with the method"
    if row.trained is None and set(row.result) & set(IMAGENET):
        return "the source does not say whether the model was trained with the method"
    return "data or weights are not shipped"


def causes(rows: Iterable[tuple[ReportedScore, Iterable[Claim]]]) -> list[tuple[str, int]]:
    """How many numbers each cause keeps from being compared, the most frequent first."""
    counts = Counter(words for row, claims in rows for claim in claims if (words := cause(row, claim)))
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
