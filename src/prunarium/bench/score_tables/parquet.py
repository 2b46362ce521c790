"""Parquet, through pandas: one row for each score, one column for each field, such as ``quality.method``."""

import json
from collections.abc import Sequence
from typing import Any

from prunarium.errors import PrunariumError
from prunarium.records import MeasuredScore


def content(scores: Sequence[MeasuredScore]) -> bytes:
    """The file. ``parameters`` is JSON, because methods differ in theirs; times, tokens, qualities by kind are lists.

    Raises:
        PrunariumError: pandas or pyarrow is not installed.
    """
    try:
        import pandas  # type: ignore[import-untyped]
        import pyarrow  # type: ignore[import-untyped]  # noqa: F401  (pandas needs it for this)
    except ModuleNotFoundError as error:
        raise PrunariumError(
            f"parquet needs {error.name}, which is not installed: pip install 'prunarium[parquet]'"
        ) from error
    made: bytes = pandas.json_normalize([_row(score) for score in scores]).to_parquet(index=False)
    return made


def _row(score: MeasuredScore) -> dict[str, Any]:
    fields = score.model_dump(mode="json")
    kinds = [{"kind": kind, **quality} for kind, quality in fields["quality_by_kind"].items()]
    return {**fields, "quality_by_kind": kinds, "parameters": json.dumps(score.parameters, sort_keys=True)}
