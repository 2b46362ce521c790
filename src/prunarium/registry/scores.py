"""Scores of methods: what papers claim, and what was measured here."""

from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from prunarium.catalog.contradictions import contradictions
from prunarium.catalog.files import read_json, read_yaml
from prunarium.errors import PrunariumError, did_you_mean
from prunarium.records import Family, MeasuredScore, ReportedScore, ReportedScores, TokenMaps
from prunarium.registry.folders import find_card, folder_of, folders

TOKEN_MAPS = "token_maps.json"
"""The file of a method's token maps, in its folder."""


def reported_scores(name: str) -> list[ReportedScore]:
    """What papers claim for a method.

    Raises:
        PrunariumError: no such method, or the file is no valid record.
    """
    path = folder_of(name) / "reported.yaml"
    return read_yaml(path, ReportedScores).scores if path.is_file() else []


def token_maps(name: str) -> TokenMaps | None:
    """What the method does to a few inputs as its budget falls; ``None`` where nobody has made that yet.

    Raises:
        PrunariumError: no such method, or the file is no valid record.
    """
    path = folder_of(name) / TOKEN_MAPS
    return read_json(path, TokenMaps) if path.is_file() else None


def measured_folder(name: str, root: Path | None = None) -> Path:
    """Where the measured scores of a method are: in its own folder, or in ``root``, where ``bench --records`` put them.

    Raises:
        PrunariumError: no such method, neither in the registry nor in ``root``.
    """
    if root is None:
        return folder_of(name) / "measured"
    there = {path.name for path in root.glob("methods/*")}
    return root / "methods" / (name if name in there else find_card(name).id) / "measured"


def recorded_methods(root: Path | None = None) -> list[str]:
    """The methods that records may be of: all of the registry, or those that ``root`` has records of.

    Raises:
        PrunariumError: ``root`` holds no records.
    """
    if root is None:
        return list(folders())
    found = sorted({path.parent.parent.name for path in root.glob("methods/*/measured/*.json")})
    if not found:
        raise PrunariumError(f"--records {root}: holds no records; 'prunarium bench --records {root}' puts some there")
    return found


def measured_files(name: str, root: Path | None = None) -> dict[Path, MeasuredScore]:
    """What was measured with a method, by file, in the order of the file names.

    Args:
        name: id of a method, or the path of a method folder.
        root: the folder that was given to ``bench --records``; without it, the method's own folder.

    Raises:
        PrunariumError: no such method, a file is no valid record or of another schema version, its key is not that of
            what ran, or two files hold different scores of one cell.
    """
    files = sorted(measured_folder(name, root).glob("*.json"))
    scores = {path: read_json(path, MeasuredScore) for path in files}
    for path, fault in contradictions(scores):
        raise PrunariumError(f"{path}: key: {fault}")
    return scores


def measured_scores(name: str, root: Path | None = None) -> list[MeasuredScore]:
    """What was measured with a method, as ``measured_files``; a score of which there are two copies stands once.

    Raises:
        PrunariumError: as ``measured_files``.
    """
    return list({score.key: score for score in measured_files(name, root).values()}.values())


def measured_of(
    names: Sequence[str] | None = None,
    benchmark: str | None = None,
    family: str | None = None,
    root: Path | None = None,
) -> list[MeasuredScore]:
    """What was measured with these methods as they are now; of one benchmark or family where it is named.

    Scores of earlier versions of a method say nothing of it any more, and are left out: see ``outdated_of``.

    Args:
        names: as ``measured_files`` takes them; default: ``recorded_methods``.
        benchmark: only scores on it.
        family: only scores in it.
        root: the folder that was given to ``bench --records``; without it, the methods' own folders.

    Raises:
        PrunariumError: there is no such family, nothing was measured on that benchmark, or as ``recorded_methods`` and
            ``measured_files``.
    """
    return [score for score, is_current in _selected(names, benchmark, family, root) if is_current]


def outdated_of(
    names: Sequence[str] | None = None,
    benchmark: str | None = None,
    family: str | None = None,
    root: Path | None = None,
) -> list[MeasuredScore]:
    """What was measured with other versions of these methods than the present ones; all else as ``measured_of``."""
    return [score for score, is_current in _selected(names, benchmark, family, root) if not is_current]


def _selected(
    names: Sequence[str] | None, benchmark: str | None, family: str | None, root: Path | None
) -> list[tuple[MeasuredScore, bool]]:
    """Every score that fits, and whether it is of the method's present version."""
    scores = [found for name in dict.fromkeys(names or recorded_methods(root)) for found in _dated(name, root)]
    if family not in (None, *get_args(Family)):
        known = get_args(Family)
        raise PrunariumError(f"there is no family '{family}'{did_you_mean(str(family), known)}: {' or '.join(known)}")
    there = sorted({score.benchmark for score, _ in scores if score.benchmark})
    if benchmark not in (None, *there):
        found = f"; there are scores on {', '.join(there)}" if there else ""
        raise PrunariumError(f"nothing was measured on '{benchmark}'{did_you_mean(str(benchmark), there)}{found}")
    return [one for one in scores if benchmark in (None, one[0].benchmark) and family in (None, one[0].family)]


def _dated(name: str, root: Path | None) -> list[tuple[MeasuredScore, bool]]:
    """The present version is the card's; of a method of which only records are here, the highest that was measured."""
    scores = measured_scores(name, root)
    if name in folders() or (Path(name) / "card.yaml").is_file():
        version = find_card(name).version
    else:
        version = max((score.method_version for score in scores), default=0)
    return [(score, score.method_version == version) for score in scores]
