"""Asks an API, and says in one line why there is no answer."""

from urllib.parse import urlsplit

from requests import Response, Session
from requests.exceptions import (
    ConnectionError,
    InvalidSchema,
    InvalidURL,
    MissingSchema,
    RequestException,
    SSLError,
    Timeout,
    TooManyRedirects,
)

from prunarium.errors import PrunariumError

BY_HAND = "or run 'prunarium new paper --title ...'"
_LATER = f"try again later, {BY_HAND}"
_FAILURES: dict[type[RequestException], str] = {
    **dict.fromkeys((InvalidSchema, InvalidURL, MissingSchema), "is no web address; correct that of the API"),
    Timeout: f"does not answer in time; {_LATER}",
    TooManyRedirects: f"redirects in a circle; check the address of the API, {BY_HAND}",
    SSLError: f"has no certificate that can be trusted; check the address of the API, {BY_HAND}",
    ConnectionError: f"cannot be reached; check the connection and the address of the API, {BY_HAND}",
}


def ask(session: Session, address: str, params: dict[str, str] | None = None) -> Response:
    """The answer of an API, whole, whatever its status up to 499.

    Raises:
        PrunariumError: there is none, or the server is busy or broken.
    """
    host = urlsplit(address).netloc or address
    try:
        response = session.get(address, params=params)
    except RequestException as error:
        words = next((words for kind, words in _FAILURES.items() if isinstance(error, kind)), None)
        raise PrunariumError(f"{host} {words or f'sends no answer that can be read; {_LATER}'}") from error
    if response.status_code == 429 or response.status_code >= 500:
        raise PrunariumError(f"{host} is busy or broken (status {response.status_code}); {_LATER}")
    return response
