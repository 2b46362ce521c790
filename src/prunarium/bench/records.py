"""Measured scores as files: one JSON each, named by what ran, written whole or not at all."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from prunarium.bench.environment import device_name, threads_of, weights_hash
from prunarium.bench.workload import Workload
from prunarium.catalog.files import FaultyFileError, read_json
from prunarium.catalog.writing import write_text
from prunarium.errors import PrunariumError
from prunarium.families import TokenMethod
from prunarium.records import Card, MeasuredScore
from prunarium.records.natural_key import natural_key, natural_key_of

SCHEMA_VERSION: int = MeasuredScore.model_fields["schema_version"].default


def key_of_run(card: Card, method: TokenMethod, workload: Workload, batch_sizes: tuple[int, ...]) -> str:
    """The natural key of a score before it is measured."""
    benchmark = workload.benchmark
    return natural_key(
        method=card.id,
        method_version=card.version,
        setting=repr(method),
        benchmark=benchmark.name if benchmark else None,
        benchmark_revision=benchmark.revision if benchmark else None,
        data_checksum=workload.data.checksum() if benchmark else None,
        model=workload.model_name,
        weights=workload.weights or weights_hash(workload.model),
        seed=workload.seed,
        precision=workload.precision,
        device=device_name(workload.device),
        threads=threads_of(workload.device),
        batch_sizes=batch_sizes,
    )


def score_path(folder: Path, benchmark: str | None, model: str, key: str) -> Path:
    """The file of a score: ``<method folder>/measured/<benchmark or model>-<key>.json``."""
    return folder / "measured" / f"{benchmark or model}-{key}.json"


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
    """Write a score, whole or not at all. One that is there is replaced: who may not do that looks first.

    Raises:
        PrunariumError: the file cannot be written.
    """
    with _writable(path):
        write_text(path, score.model_dump_json(indent=1) + "\n")


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
