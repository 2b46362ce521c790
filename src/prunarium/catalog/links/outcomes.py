"""What can become of an address, and the record of one check."""

from datetime import UTC, datetime
from enum import StrEnum
from http import HTTPStatus

from pydantic import AwareDatetime, Field

from prunarium.records import Record


class Outcome(StrEnum):
    """What became of an address. The order is that of the summary."""

    OK = "ok"
    REDIRECTED = "redirected"
    MOVED = "moved"
    REFUSED = "refused"
    GONE = "gone"
    ERROR = "error"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    REDIRECT_LOOP = "redirect-loop"
    NOT_CHECKED = "not-checked"

    @property
    def meaning(self) -> str:
        """The outcome in words."""
        return _MEANINGS[self]

    @property
    def broken(self) -> bool:
        """Whether a reader who follows the address finds nothing."""
        return self in _BROKEN


_BROKEN = (Outcome.GONE, Outcome.ERROR, Outcome.UNREACHABLE, Outcome.TIMEOUT, Outcome.REDIRECT_LOOP)
_MEANINGS = {
    Outcome.OK: "answers",
    Outcome.REDIRECTED: "answers at another address, for now; the one we hold stays right",
    Outcome.MOVED: "answers at another address, for good",
    Outcome.REFUSED: "does not answer programs, or not without a login; it may work in a browser",
    Outcome.GONE: "is not there any more (404 or 410)",
    Outcome.ERROR: "the server fails (5xx), or its answer makes no sense",
    Outcome.UNREACHABLE: "no connection: no such host, refused, cut off, or TLS does not hold",
    Outcome.TIMEOUT: "no answer in time",
    Outcome.REDIRECT_LOOP: "redirects without end",
    Outcome.NOT_CHECKED: "not asked yet; the next run does",
}


class Result(Record):
    """One check of one address: a line of the file of results."""

    url: str
    outcome: Outcome
    status: int | None = Field(None, description="of the last answer; empty when there was none")
    final_url: str | None = Field(None, description="where redirects led; empty when there were none")
    moved_to: str | None = Field(None, description="where permanent redirects led: the address to write instead")
    message: str
    checked_on: AwareDatetime

    @property
    def settled(self) -> bool:
        """Whether the outcome is worth keeping for a while, since it is not one that passes by itself."""
        passing = (Outcome.ERROR, Outcome.UNREACHABLE, Outcome.TIMEOUT, Outcome.NOT_CHECKED)
        return self.outcome not in passing and self.status != HTTPStatus.TOO_MANY_REQUESTS


def not_checked(url: str, message: str) -> Result:
    """The result of an address that was not asked."""
    return Result(url=url, outcome=Outcome.NOT_CHECKED, message=message, checked_on=datetime.now(UTC))
