"""Measured scores as files: one JSON each, named by what ran, written whole or not at all."""

import hashlib
from pathlib import Path

from prunarium.catalog.writing import write_text
from prunarium.errors import PrunariumError
from prunarium.records import MeasuredScore


def natural_key(score: MeasuredScore) -> str:
    """What makes two scores the same cell: everything that ran, and nothing that came out."""
    parts = (
        score.method,
        score.method_version,
        score.setting,
        score.benchmark,
        score.benchmark_revision,
        score.data_checksum,
        score.model,
        score.weights,
        score.seed,
        score.environment.precision,
        score.environment.device,
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:10]


def score_path(score: MeasuredScore, folder: Path) -> Path:
    """The file of a score: ``<method folder>/measured/<benchmark>-<model>-<key>.json``."""
    what = score.model if score.benchmark in (None, score.model) else f"{score.benchmark}-{score.model}"
    return folder / "measured" / f"{what}-{natural_key(score)}.json"


def write_score(score: MeasuredScore, folder: Path) -> Path:
    """Write a score beside its method; an older one of the same cell is replaced.

    Raises:
        PrunariumError: the folder cannot be written.
    """
    path = score_path(score, folder)
    try:
        write_text(path, score.model_dump_json(indent=1) + "\n")
    except OSError as error:
        raise PrunariumError(f"{path}: cannot be written ({error.strerror}); check the folder's permissions") from error
    return path
