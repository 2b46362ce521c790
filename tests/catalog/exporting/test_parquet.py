"""Parquet: the same table as CSV, with types."""

import io
import sys

import pandas
import pytest

from prunarium import PrunariumError
from prunarium.catalog import Catalogue
from prunarium.catalog.exporting import parquet
from prunarium.catalog.exporting.table import COLUMNS, row


def test_every_value_comes_back(catalogue: Catalogue) -> None:
    table = pandas.read_parquet(io.BytesIO(parquet.content(catalogue, catalogue)), dtype_backend="pyarrow")
    assert [*table.columns] == [*COLUMNS]
    for paper, read in zip(catalogue, table.to_dict("records"), strict=True):
        for column, value in row(paper, catalogue).items():
            found = read[column]
            if value is None:
                assert pandas.isna(found), column
            else:
                assert (list(found) if isinstance(value, list) else found) == value, column


def test_a_column_without_values_has_its_type(catalogue: Catalogue) -> None:
    full = pandas.read_parquet(io.BytesIO(parquet.content(catalogue, catalogue)), dtype_backend="pyarrow")
    empty = pandas.read_parquet(io.BytesIO(parquet.content([], catalogue)), dtype_backend="pyarrow")
    assert len(empty) == 0 and empty.dtypes.tolist() == full.dtypes.tolist()


def test_without_pyarrow_one_line_says_what_to_install(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(PrunariumError, match=r"^parquet needs pyarrow, which is not installed: pip install"):
        parquet.content(catalogue, catalogue)
