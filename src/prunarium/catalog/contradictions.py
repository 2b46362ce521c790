"""Measured scores that contradict themselves or each other: a key of another run, or one run with two results."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from prunarium.records import MeasuredScore
from prunarium.records.natural_key import natural_key_of


def contradictions(scores: Mapping[Path, MeasuredScore]) -> Iterator[tuple[Path, str]]:
    """Every file whose key is wrong, or that of an earlier file with other content; and what is wrong with the key."""
    first: dict[str, Path] = {}
    for path, score in scores.items():
        earlier = first.setdefault(score.key, path)
        if score.key != (key := natural_key_of(score)):
            yield path, f"is '{score.key}', but what ran has '{key}': changed by hand? measure it again"
        elif scores[earlier] != score:
            yield path, f"is also that of {earlier}, with other content; keep one of the two files"
