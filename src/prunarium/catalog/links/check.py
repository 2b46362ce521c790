"""One check of one address: ask, and say what became of it. Whatever the server does, there is a result."""

import socket
from datetime import UTC, datetime
from http import HTTPStatus

from requests import Response, Session
from requests.exceptions import InvalidSchema, InvalidURL, SSLError, Timeout, TooManyRedirects
from urllib3.exceptions import HTTPError, NameResolutionError, NewConnectionError

from prunarium.catalog.links.outcomes import Outcome, Result

# What asking raises: connections and requests (OSError), urllib3's own, and addresses or headers in no known encoding.
_FAILURES = (OSError, HTTPError, ValueError)


def check(web: Session, url: str) -> Result:
    """Ask for an address, and give what became of it."""
    try:
        response = _ask(web, url)
    except _FAILURES as error:
        outcome, message = _failure(error)
        return Result(url=url, outcome=outcome, message=message, checked_on=datetime.now(UTC))
    moved_to = _moved_to(response)
    outcome = _outcome(response, moved_to)
    return Result(
        url=url,
        outcome=outcome,
        status=response.status_code,
        final_url=response.url if response.history else None,
        moved_to=moved_to,
        message=_in_words(response.status_code),
        checked_on=datetime.now(UTC),
    )


def _ask(web: Session, url: str) -> Response:
    """The answer to HEAD; where that is no good one, to GET, whose body is not read: many servers know no HEAD."""
    try:
        with web.head(url, allow_redirects=True) as response:
            if response.status_code < 300 or response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
                return response
    except _FAILURES:
        pass  # GET decides
    with web.get(url, stream=True) as response:
        return response


def _outcome(response: Response, moved_to: str | None) -> Outcome:
    status = response.status_code
    if 200 <= status < 300:
        return Outcome.MOVED if moved_to else Outcome.REDIRECTED if response.history else Outcome.OK
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        return Outcome.GONE
    return Outcome.REFUSED if 400 <= status < 500 else Outcome.ERROR


def _moved_to(response: Response) -> str | None:
    """Where the permanent redirects lead that come before any temporary one."""
    hops = [*response.history, response]
    permanent = 0
    while hops[permanent].is_permanent_redirect and permanent < len(hops) - 1:
        permanent += 1
    return hops[permanent].url if permanent else None


def _in_words(status: int) -> str:
    """The status with its standard name: servers leave theirs out, or write what they like."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status}, which is no standard status"


def _failure(error: BaseException) -> tuple[Outcome, str]:
    if isinstance(error, TooManyRedirects):
        return Outcome.REDIRECT_LOOP, "redirects without end"
    if isinstance(error, Timeout):
        return Outcome.TIMEOUT, "no answer in time"
    not_asked = isinstance(error, ValueError) and not isinstance(error, OSError)
    if not_asked or isinstance(error, InvalidSchema | InvalidURL):
        return Outcome.ERROR, f"redirects to what is no web address: {_one_line(error)}"
    cause = _cause(error)
    if isinstance(cause, NameResolutionError | socket.gaierror):
        return Outcome.UNREACHABLE, "no such host: its name does not resolve"
    if isinstance(error, SSLError):
        return Outcome.UNREACHABLE, f"TLS does not hold: {_one_line(cause)}"
    if isinstance(cause, NewConnectionError):
        return Outcome.UNREACHABLE, f"no connection: {_one_line(cause)}"
    return Outcome.UNREACHABLE, f"cut off before it answered: {_one_line(cause)}"


def _cause(error: BaseException) -> BaseException:
    """The innermost of the exceptions that requests and urllib3 wrap in each other."""
    for inner in (getattr(error, "reason", None), *error.args):
        if isinstance(inner, BaseException):
            return _cause(inner)
    return error


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")  # a header may hold half a character
    return text if len(text) <= 160 else f"{text[:157]}..."
