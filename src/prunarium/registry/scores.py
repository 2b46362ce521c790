"""Scores of methods: what papers claim, and what was measured here."""

from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from prunarium.catalog.contradictions import contradictions
from prunarium.catalog.files import read_json, read_yaml
from prunarium.errors import PrunariumError, did_you_mean
from prunarium.records import Family, MeasuredScore, ReportedScore, ReportedScores
from prunarium.registry.folders import folder_of, folders


def reported_scores(name: str) -> list[ReportedScore]:
    """What papers claim for a method.

    Raises:
        PrunariumError: no such method, or the file is no valid record.
    """
    path = folder_of(name) / "reported.yaml"
    return read_yaml(path, ReportedScores).scores if path.is_file() else []


def measured_files(name: str) -> dict[Path, MeasuredScore]:
    """What was measured here with a method, by file, in the order of the file names.

    Raises:
        PrunariumError: no such method, a file is no valid record or of another schema version, its key is not that of
            what ran, or two files hold different scores of one cell.
    """
    scores = {path: read_json(path, MeasuredScore) for path in sorted((folder_of(name) / "measured").glob("*.json"))}
    for path, fault in contradictions(scores):
        raise PrunariumError(f"{path}: key: {fault}")
    return scores


def measured_scores(name: str) -> list[MeasuredScore]:
    """What was measured here with a method; a score of which there are two copies stands once.

    Raises:
        PrunariumError: as ``measured_files``.
    """
    return list({score.key: score for score in measured_files(name).values()}.values())


def measured_of(
    names: Sequence[str] | None = None, benchmark: str | None = None, family: str | None = None
) -> list[MeasuredScore]:
    """What was measured with these methods, or with all of the registry; of one benchmark or family where it is named.

    Raises:
        PrunariumError: there is no such family, nothing was measured on that benchmark, or as ``measured_files``.
    """
    scores = [score for name in dict.fromkeys(names or folders()) for score in measured_scores(name)]
    if family not in (None, *get_args(Family)):
        known = get_args(Family)
        raise PrunariumError(f"there is no family '{family}'{did_you_mean(str(family), known)}: {' or '.join(known)}")
    there = sorted({score.benchmark for score in scores if score.benchmark})
    if benchmark not in (None, *there):
        found = f"; there are scores on {', '.join(there)}" if there else ""
        raise PrunariumError(f"nothing was measured on '{benchmark}'{did_you_mean(str(benchmark), there)}{found}")
    return [s for s in scores if benchmark in (None, s.benchmark) and family in (None, s.family)]
