"""The files of a Hugging Face dataset on the disk, as rows of named columns. No library of datasets is needed.

Read are parquet files, as the hub holds them and ``Dataset.to_parquet`` writes them; the Arrow files of
``Dataset.save_to_disk``; JSON lines, as ``Dataset.to_json`` writes them; and plain text, one row for each file.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from prunarium.bench.samples import check_count
from prunarium.errors import PrunariumError, some_of

SHUFFLE_SEED = 0
SUFFIXES = (".parquet", ".arrow", ".jsonl", ".json", ".txt")
"""Kinds of files that can be read; of a folder, those of the first kind that it holds."""
_ABOUT = {"dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json"}
_SPLIT = re.compile(r"(.+?)(-\d{5}-of-\d{5})?(-[0-9a-f]{16})?\.\w+")

Row = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """One file.

    Attributes:
        columns: their names.
        count: of rows.
        rows: those of some columns, in order.
        features: what the ``datasets`` library noted of each column; empty where it did not write the file.
    """

    columns: Sequence[str]
    count: int
    rows: Callable[[Sequence[str]], Iterable[Row]]
    features: dict[str, Any]


class DataFiles:
    """The rows of one split."""

    def __init__(self, path: Path) -> None:
        """Open the files: a folder that holds one split, one file, or a pattern such as ``DIR/validation-*.parquet``.

        Raises:
            PrunariumError: there are none, of several splits, without rows, or they cannot be read; or pyarrow is not
                installed.
        """
        self.path = path
        self._parts = [_READERS[file.suffix](file) for file in files_of(path)]
        self.columns = list(self._parts[0].columns)
        if not len(self):
            raise PrunariumError(f"--data {path}: holds no rows; give another split")

    def __len__(self) -> int:
        return sum(part.count for part in self._parts)

    def rows(self, columns: Sequence[str], count: int | None = None) -> Iterator[tuple[int, Row]]:
        """The number of each row, and of its values those in some columns.

        Args:
            columns: their names.
            count: of rows, as ``drawn``.

        Raises:
            PrunariumError: there are not so many rows, or a file lacks a column.
        """
        wanted = drawn(count, len(self), str(self.path))
        number = 0
        for part in self._parts:
            if lacking := set(columns) - set(part.columns):
                raise PrunariumError(f"{self.path}: one of its files has no column '{min(lacking)}', the first has")
            for row in part.rows(columns):
                if number in wanted:
                    yield number, row
                number += 1

    def class_names(self, column: str) -> list[str]:
        """The names of the classes that the numbers in a column stand for; empty where the files do not tell."""
        feature = self._parts[0].features.get(column) or {}
        return list(feature.get("names") or []) if isinstance(feature, dict) else []


def drawn(count: int | None, there: int, what: str) -> set[int]:
    """The numbers of a plain random draw of so many rows, the same for every model and seed; of all without a count.

    Raises:
        PrunariumError: there are not so many.
    """
    count = check_count(count, there, what)
    return set(np.random.default_rng(SHUFFLE_SEED).permutation(there)[:count].tolist())


def files_of(path: Path, suffixes: Sequence[str] = SUFFIXES) -> list[Path]:
    """The files of one split: those of a folder, one file, or those that fit a pattern.

    Raises:
        PrunariumError: there are none, or they are of several splits.
    """
    found = [path] if path.is_file() else _found(path, suffixes)
    kind = suffixes[0].removeprefix(".") if len(suffixes) == 1 else "data"
    found = [file for file in found if file.suffix in suffixes]
    if not found:
        others = "" if len(suffixes) == 1 else f" ({', '.join(suffixes)})"
        raise PrunariumError(
            f"--data {path}: holds no {kind} files{others}; give the folder of a dataset as the hub has it, or write "
            "one with Dataset.to_parquet"
        )
    splits = sorted({file.parent / _split(file.name) for file in found})
    if len(splits) > 1 and found[0].suffix != ".txt":
        names = some_of([str(split.relative_to(path)) if path.is_dir() else split.name for split in splits])
        raise PrunariumError(
            f"--data {path}: holds several splits ({names}); give the files of one, such as "
            f"--data '{splits[-1]}*{found[0].suffix}'"
        )
    return found


def _found(path: Path, suffixes: Sequence[str]) -> list[Path]:
    if not path.is_dir():
        return sorted(path.parent.glob(path.name)) if path.name else []
    found = [file for file in sorted(path.rglob("*")) if file.name not in _ABOUT and not file.name.startswith("cache-")]
    of_each = ([file for file in found if file.suffix == suffix] for suffix in suffixes)
    return next((files for files in of_each if files), [])


def _split(name: str) -> str:
    """``validation`` of ``validation-00000-of-00068.parquet``, with or without the hash that old files end in."""
    match = _SPLIT.fullmatch(name)
    return match[1] if match else name


def open_parquet(file: Path) -> Any:
    """A file of pyarrow's.

    Raises:
        PrunariumError: it cannot be read, or pyarrow is not installed.
    """
    parquet = _pyarrow().parquet
    try:
        return parquet.ParquetFile(file)
    except (OSError, ValueError) as error:  # pyarrow's own errors are of these
        raise PrunariumError(f"{file}: is not a parquet file that can be read: {error}") from error


def _of_parquet(file: Path) -> Part:
    opened = open_parquet(file)

    def rows(columns: Sequence[str]) -> Iterator[Row]:
        for batch in opened.iter_batches(columns=list(columns)):
            yield from batch.to_pylist()

    return Part(opened.schema_arrow.names, opened.metadata.num_rows, rows, _features(opened.schema_arrow))


def _of_arrow(file: Path) -> Part:
    arrow = _pyarrow()
    try:
        with arrow.memory_map(str(file)) as mapped:
            table = arrow.ipc.open_stream(mapped).read_all()
    except (OSError, ValueError) as error:
        raise PrunariumError(f"{file}: is not an Arrow file of a dataset that can be read: {error}") from error

    def rows(columns: Sequence[str]) -> Iterator[Row]:
        for batch in table.select(list(columns)).to_batches():
            yield from batch.to_pylist()

    return Part(table.schema.names, table.num_rows, rows, _features(table.schema))


def _of_json_lines(file: Path) -> Part:
    found = list(_lines(file))
    columns = list(dict.fromkeys(name for row in found for name in row))
    return Part(columns, len(found), lambda names: ({name: row.get(name) for name in names} for row in found), {})


def _lines(file: Path) -> Iterator[Row]:
    for number, line in enumerate(_text(file).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if not isinstance(row, dict):
            raise PrunariumError(
                f"{file}:{number}: is no JSON object on one line; write one line for each row, as Dataset.to_json does"
            )
        yield row


def _of_text(file: Path) -> Part:
    text = _text(file)
    return Part(["text"], 1, lambda columns: [{"text": text}], {})


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PrunariumError(f"{file}: cannot be read as text: {error}; give a file in UTF-8") from error


_READERS: dict[str, Callable[[Path], Part]] = {
    ".parquet": _of_parquet,
    ".arrow": _of_arrow,
    ".jsonl": _of_json_lines,
    ".json": _of_json_lines,
    ".txt": _of_text,
}


def _features(schema: Any) -> dict[str, Any]:
    """What the ``datasets`` library noted of each column, in the schema of its files."""
    try:
        noted = json.loads((schema.metadata or {})[b"huggingface"])
        features: dict[str, Any] = noted["info"]["features"]
    except (KeyError, TypeError, ValueError):
        return {}
    return features if isinstance(features, dict) else {}


def _pyarrow() -> Any:
    try:
        import pyarrow  # type: ignore[import-untyped]
        import pyarrow.ipc  # type: ignore[import-untyped]
        import pyarrow.parquet  # type: ignore[import-untyped]
    except ModuleNotFoundError as error:
        raise PrunariumError(
            "a dataset in parquet or Arrow files needs pyarrow, which is not installed: pip install "
            "'prunarium[parquet]'"
        ) from error
    return pyarrow
