"""CSV in the records' own terms: one row for each score and batch size, what is nested joined by a dot."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from prunarium.catalog.exporting.csv_table import cell
from prunarium.records import Interval, MeasuredScore, Speed

_HEAD = ("key", "method", "method_version", "setting", "family", "benchmark", "benchmark_revision", "model", "seed")
_QUALITY = ("metric", "samples", "baseline", "method", "difference_low", "difference_high")
_COST = ("macs_baseline", "macs", "macs_own", "budget")
_CACHE = ("bytes_baseline", "bytes")
_TIMES = ("ratio", "baseline_ms", "method_ms")
_SPREAD = ("median", "ci_low", "ci_high")
_SPEED = (
    "batch_size",
    *(f"{time}.{end}" for time in _TIMES for end in _SPREAD),
    "own_share",
    "peak_memory_baseline",
    "peak_memory",
    *(f"decode.{time}.{end}" for time in _TIMES for end in _SPREAD),
)
_WHERE = ("device", "device_kind", "threads", "precision")
COLUMNS = (
    *_HEAD,
    "trained",
    *(f"quality.{name}" for name in _QUALITY),
    *(f"cost.{name}" for name in _COST),
    *(f"cost.cache.{name}" for name in _CACHE),
    *(f"speed.{name}" for name in _SPEED),
    *(f"environment.{name}" for name in _WHERE),
    "measured_on",
    "command",
)


def content(scores: Sequence[MeasuredScore]) -> bytes:
    """The table with its header. Quality is by the benchmark's main metric; shares lie between 0 and 1."""
    stream = io.StringIO()
    table = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    table.writeheader()
    for score in scores:
        timed: list[Speed | None] = [*score.speed] or [None]
        for speed in timed:
            values = dict(_values(score, speed))
            table.writerow({column: cell(values.get(column)) for column in COLUMNS})
    return stream.getvalue().encode()


def _values(score: MeasuredScore, speed: Speed | None) -> Iterator[tuple[str, Any]]:
    parts: dict[str, Any] = {
        "": score,
        "quality.": score.quality,
        "cost.": score.cost,
        "cost.cache.": score.cost.cache,
        "speed.": speed,
        "speed.decode.": speed.decode if speed else None,
        "environment.": score.environment,
    }
    for prefix, part in parts.items():
        for name, value in part or ():
            yield f"{prefix}{name}", value
            if isinstance(value, Interval):
                yield from ((f"{prefix}{name}.{end}", number) for end, number in value)
