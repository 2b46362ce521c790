"""Measured scores as files: one JSON each, named by what ran, written whole or not at all."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from prunarium.catalog.files import FaultyFileError, read_json
from prunarium.catalog.writing import write_text
from prunarium.errors import PrunariumError
from prunarium.records import MeasuredScore
from prunarium.records.natural_key import natural_key_of

SCHEMA_VERSION: int = MeasuredScore.model_fields["schema_version"].default


def score_path(measured: Path, benchmark: str | None, model: str, key: str) -> Path:
    """The file of a score in a folder of them: ``<benchmark or model>-<key>.json``."""
    return measured / f"{benchmark or model}-{key}.json"


class CorruptRecordError(PrunariumError):
    """A file that should hold a score does not. It says nothing, so it may be replaced."""


def read_score(path: Path) -> MeasuredScore:
    """One measured score.

    Raises:
        CorruptRecordError: the file is no score, of an older schema, or not that of the cell whose key its name has.
        PrunariumError: the score is of a newer schema; nothing but a newer Prunarium may replace it.
    """
    try:
        score = read_json(path, MeasuredScore)
    except FaultyFileError as error:
        fault = str(error.faults[0])
        raise PrunariumError(fault) if _is_newer(path) else CorruptRecordError(fault) from error
    key = path.stem.rpartition("-")[2]
    if not score.key == natural_key_of(score) == key:
        raise CorruptRecordError(f"{path}: does not hold the cell {key} of its name; it was changed by hand or renamed")
    return score


def _is_newer(path: Path) -> bool:
    try:
        version = json.loads(path.read_bytes())["schema_version"]
        return bool(version > SCHEMA_VERSION)
    except (OSError, ValueError, LookupError, TypeError):
        return False  # no record of any version


def write_score(score: MeasuredScore, path: Path) -> None:
    """Write a score, whole or not at all. Another one that is there is replaced: who may not do that looks first.

    Raises:
        PrunariumError: the file cannot be written.
    """
    text = score.model_dump_json(indent=1) + "\n"
    with _writable(path):
        if not (path.is_file() and path.read_bytes() == text.encode()):
            write_text(path, text)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a record for this process: others that would measure the same cell wait, and then find it there.

    Raises:
        PrunariumError: the folder cannot be written.
    """
    beside = path.with_name(f".{path.name}.lock")
    with _writable(path):
        beside.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(beside)
        lock.acquire()
    try:
        yield
    finally:
        beside.unlink(missing_ok=True)  # while held: whoever waits for it sees that it is gone, and makes a new one
        lock.release()


@contextmanager
def _writable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise PrunariumError(f"{path}: cannot be written ({error.strerror}); check the folder's permissions") from error
