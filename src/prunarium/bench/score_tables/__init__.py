"""Measured scores as files of other programs: one module for each format."""

from collections.abc import Sequence
from importlib import import_module

from prunarium.errors import PrunariumError, did_you_mean
from prunarium.records import MeasuredScore

FORMATS = {
    "csv": "plain_csv",
    "timm-csv": "timm_csv",
    "parquet": "parquet",
    "hf": "hugging_face",
    "json": "json_scores",
}
"""The module of each format. Each holds ``content(scores)``, and is read when it is asked for."""
BINARY = frozenset({"parquet"})


def score_table(format: str, scores: Sequence[MeasuredScore]) -> bytes:
    """The scores in one of the formats.

    Raises:
        PrunariumError: there is no such format, or what it needs is not installed.
    """
    if format not in FORMATS:
        known = ["table", *FORMATS]
        raise PrunariumError(
            f"there is no format '{format}'{did_you_mean(format, known)}; choose of {', '.join(known)}"
        )
    made: bytes = import_module(f"{__name__}.{FORMATS[format]}").content(scores)
    return made
