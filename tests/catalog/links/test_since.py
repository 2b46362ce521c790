"""The ways to say how old a result may be."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prunarium.catalog.links import moment
from prunarium.errors import PrunariumError

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@given(st.dates(max_value=NOW.date()))
def test_a_date_is_its_first_second(day) -> None:
    assert moment(day.isoformat(), NOW) == datetime(day.year, day.month, day.day, tzinfo=UTC)


@given(st.integers(0, 10_000))
def test_days_count_back_from_now(days: int) -> None:
    assert {moment(text, NOW) for text in (f"{days}d", f"{days} days", f"P{days}D")} == {NOW - timedelta(days=days)}


@pytest.mark.parametrize("text", ["", "yesterday", "7", "1w", "2026-13-01", "01.11.2026", "9999999d", "d"])
def test_what_is_neither(text: str) -> None:
    with pytest.raises(PrunariumError, match=r"is neither a date nor a number of days; write 2026-11-01, or 7d"):
        moment(text, NOW)


@pytest.mark.parametrize("text", ["2026-11-21", "-1d"])
def test_what_is_yet_to_come(text: str) -> None:
    with pytest.raises(PrunariumError, match="is yet to come"):
        moment(text, NOW)
