"""Reads ``--since``: a date, or a time span back from now."""

from datetime import UTC, date, datetime, time, timedelta

from pydantic import TypeAdapter, ValidationError

from prunarium.errors import PrunariumError

_SPAN = TypeAdapter(timedelta)


def moment(text: str, now: datetime) -> datetime:
    """The moment that is meant: ``2026-11-01`` (its first second, UTC) or ``7d`` (that long before ``now``).

    Raises:
        PrunariumError: the text is neither, or the moment is yet to come.
    """
    try:
        meant = datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        meant = now - _span(text)
    if meant > now:
        raise PrunariumError(f"--since '{text}' is yet to come; write a date of the past such as 2026-11-01, or 7d")
    return meant


def _span(text: str) -> timedelta:
    try:
        span = _SPAN.validate_python(text)
        datetime.now(UTC) - span  # a span that reaches back to before the calendar overflows
    except (ValidationError, OverflowError) as error:
        raise PrunariumError(
            f"--since '{text}' is neither a date nor a number of days; write 2026-11-01, or 7d"
        ) from error
    return span
