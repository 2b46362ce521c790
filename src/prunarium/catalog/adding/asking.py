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
from urllib3.exceptions import HTTPError

from prunarium.errors import PrunariumError

BY_HAND = "or run 'prunarium new paper --title ...'"
_NO_ADDRESS = "is no web address; correct that of the API"
_LATER = f"try again later, {BY_HAND}"
_FAILURES: dict[type[RequestException], str] = {
    **dict.fromkeys((InvalidSchema, InvalidURL, MissingSchema), _NO_ADDRESS),
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
    try:
        host = urlsplit(address).netloc or address
        response = session.get(address, params=params)
    except RequestException as error:
        words = next((words for kind, words in _FAILURES.items() if isinstance(error, kind)), None)
        raise PrunariumError(f"{host} {words or f'sends no answer that can be read; {_LATER}'}") from error
    except (HTTPError, ValueError) as error:  # what neither urllib nor urllib3 can take apart
        raise PrunariumError(f"{address} {_NO_ADDRESS}") from error
    if response.status_code == 429 or response.status_code >= 500:
        raise PrunariumError(f"{host} is busy or broken (status {response.status_code}); {_LATER}")
    return response
