"""arXiv ids: which texts are one, and what is said of the others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from prunarium.catalog.importers.drafts import new_record
from prunarium.errors import PrunariumError
from prunarium.records.base import ArxivId

PAPER = {"id": "alpha", "title": "Alpha", "year": 2023, "kind": "method"}


def is_id(text: str) -> bool:
    try:
        return TypeAdapter(ArxivId).validate_python(text) == text
    except ValidationError:
        return False


@given(st.integers(7, 49), st.integers(0, 99), st.integers(1, 6), st.data())
def test_the_form_follows_from_year_and_month(year: int, month: int, length: int, data: st.DataObject) -> None:
    number = data.draw(st.text("0123456789", min_size=length, max_size=length))
    given_since_april_2007 = (year, month) >= (7, 4) and 1 <= month <= 12 and year < 40
    expected = given_since_april_2007 and length == (5 if year >= 15 else 4)
    assert is_id(f"{year:02}{month:02}.{number}") == expected


@pytest.mark.parametrize(
    "text", ["2210.0946", "1412.12345", "2299.99999", "2200.00001", "9913.12345", "2210.09461v2", "٢٢١٠.٠٩٤٦١"]
)
def test_what_has_another_form_is_refused_in_plain_words(text: str) -> None:
    with pytest.raises(PrunariumError) as caught:
        new_record({**PAPER, "identifiers": {"arxiv": text}})
    assert str(caught.value) == (
        f"identifiers.arxiv is '{text}': an arXiv id is two digits of the year and two of the month, a dot, "
        'and five digits (four before 2015), without a version; write it as "2210.09461"'
    )
