"""CSV, as the csv module and pandas read it back, and the DataFrame beside it."""

import csv
import io
import subprocess
import sys

import pandas
from hypothesis import given
from hypothesis import strategies as st

from prunarium.catalog.exporting import csv_table
from prunarium.catalog.exporting.table import COLUMNS, row

from .conftest import TEXTS, changed, own

DANGER = "=+-@\t\r\n＝＋－＠"


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_every_record_comes_back(catalogue) -> None:
    rows = read(csv_table.text(catalogue, catalogue))
    assert list(rows[0]) == list(COLUMNS)
    for paper, cells in zip(catalogue, rows, strict=True):
        for column, value in row(paper, catalogue).items():
            if isinstance(value, list):
                assert [part for part in cells[column].split("; ") if part] == value
            else:
                words = {None: "", True: "yes", False: "no"}.get(value, str(value))
                assert cells[column] == words


def test_pandas_reads_the_same_rows(catalogue) -> None:
    text = csv_table.text(catalogue, catalogue)
    read_back = pandas.read_csv(io.StringIO(text), dtype={"arxiv": str}, keep_default_na=False)
    frame = catalogue.to_dataframe()
    assert list(read_back.columns) == list(frame.columns) == list(COLUMNS)
    for column in ("id", "title", "year", "kind", "training"):
        assert list(read_back[column]) == list(frame[column])
    assert [cell.split("; ") if cell else [] for cell in read_back["authors"]] == list(frame["authors"])


def test_a_dataframe_of_a_selection_keeps_lists_and_its_order(catalogue) -> None:
    chosen = catalogue.filter(category="token-merging").sort("year", reverse=True)
    frame = chosen.to_dataframe()
    assert list(frame["id"]) == [paper.id for paper in chosen]
    assert list(frame["categories"]) == [paper.categories for paper in chosen]
    assert str(frame["venue_year"].dtype) == "Int64"
    assert list(catalogue[:0].to_dataframe().columns) == list(COLUMNS)


def test_without_pandas_one_line_says_what_to_install() -> None:
    program = (
        "import sys; sys.modules['pandas'] = None\n"
        "from prunarium import PrunariumError\nfrom prunarium.catalog import load\n"
        "try:\n    load().to_dataframe()\nexcept PrunariumError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "to_dataframe needs pandas, which is not installed: pip install 'prunarium[dataframe]'\n"


@given(title=TEXTS, authors=st.lists(TEXTS.filter(lambda name: "; " not in name and name[-1] != ";"), max_size=3))
def test_no_cell_is_a_formula_and_nothing_is_lost(title, authors) -> None:
    [cells] = read(csv_table.text([changed(title=title, authors=authors)], own()))
    assert not any(cell.startswith(tuple(DANGER)) for cell in cells.values())
    bare = [part[1:] if part.startswith("'") else part for part in [cells["title"], *cells["authors"].split("; ")]]
    assert bare == [title, *(authors or [""])]
