"""The HTTP session that Prunarium asks other people's servers with: never hasty, and patient where they are busy."""

from importlib.metadata import version
from typing import Any

from requests import PreparedRequest, Response, Session
from requests.exceptions import ConnectionError, SSLError, Timeout
from requests_ratelimiter import LimiterMixin
from tenacity import RetryCallState, Retrying, stop_after_attempt, wait_exponential
from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

from prunarium.catalog.punctual import PunctualAdapter

USER_AGENT = f"prunarium/{version('prunarium')}"
ARXIV_HOSTS = ("arxiv.org", "www.arxiv.org", "export.arxiv.org")
ARXIV_DELAY = 3.0
"""Seconds between two requests to arXiv, all of its hosts together: what its terms ask for."""

PATIENCE = 120.0
"""Seconds that a server may ask us to wait. One that asks for more gets no other try."""

ATTEMPTS = 3
REDIRECTS = 10
_BUSY = frozenset({429, 500, 502, 503, 504})


def session(delay: float = 1.0, timeout: float = 20.0) -> Session:
    """A session that may be shared by threads.

    It lets ``delay`` seconds (above 0) pass between two requests to one host, arXiv's :data:`ARXIV_DELAY` at least; the
    hops of a redirect and the further tries count too. A GET that fails, or that finds the server busy (429 or 5xx), is
    tried :data:`ATTEMPTS` times, after growing waits or the one that ``Retry-After`` asks for; of other requests only
    those that a server wants later. The last answer is returned, whatever its status, or the last exception raised.
    ``timeout`` is for each try as a whole, in seconds: from the connection to the end of the headers, and of the body
    where it is read.
    """
    made = Session()
    made.headers["User-Agent"] = USER_AGENT
    made.max_redirects = REDIRECTS
    adapter = _PoliteAdapter(delay, timeout)
    arxiv = _PoliteAdapter(max(delay, ARXIV_DELAY), timeout, per_host=False)
    for scheme in ("https://", "http://"):
        made.mount(scheme, adapter)
        for host in ARXIV_HOSTS:
            made.mount(f"{scheme}{host}/", arxiv)
    return made


class _PoliteAdapter(LimiterMixin, PunctualAdapter):
    """Sends requests at a limited rate, each of their tries too."""

    def __init__(self, delay: float, timeout: float, per_host: bool = True) -> None:
        # a "burst" as long as the delay makes it one request in each delay, instead of several at the start of a second
        super().__init__(per_second=1 / delay, burst=delay, per_host=per_host)
        self._timeout = timeout
        self._retrying = Retrying(
            retry=_worth_another_try,
            wait=_Wait(multiplier=delay),
            stop=_Stop(ATTEMPTS),
            before_sleep=_let_go,
            retry_error_callback=_last,
        )

    def send(self, request: PreparedRequest, **kwargs: Any) -> Response:  # type: ignore[override]  # as its parent does
        """Send a request, and again where that is worth it. Each try waits for its turn."""
        kwargs["timeout"] = kwargs.get("timeout") or self._timeout
        return self._retrying(super().send, request, **kwargs)


def _worth_another_try(state: RetryCallState) -> bool:
    is_get = state.args[0].method == "GET"
    response = _answer(state)
    if response is None:
        error = state.outcome and state.outcome.exception()
        return is_get and isinstance(error, ConnectionError | Timeout) and not isinstance(error, SSLError)
    wants_it_later = response.status_code == 429 or "Retry-After" in response.headers
    return response.status_code in _BUSY and (is_get or wants_it_later)


class _Stop(stop_after_attempt):
    """After so many tries, or where the wait for the next one is too long."""

    def __call__(self, state: RetryCallState) -> bool:
        return super().__call__(state) or state.upcoming_sleep > PATIENCE


class _Wait(wait_exponential):
    """The wait that the server asks for, or one that doubles each time, whichever is longer."""

    def __call__(self, state: RetryCallState) -> float:
        response = _answer(state)
        asked = 0.0 if response is None else retry_after(response)
        return max(asked, super().__call__(state))


def retry_after(response: Response) -> float:
    """The seconds that a response asks us to wait; 0 where it does not say so, or not in a way that can be read."""
    try:
        return Retry().get_retry_after(response.raw) or 0.0
    except (InvalidHeader, ValueError, OverflowError):
        return 0.0


def _answer(state: RetryCallState) -> Response | None:
    return None if state.outcome is None or state.outcome.failed else state.outcome.result()


def _let_go(state: RetryCallState) -> None:
    if (response := _answer(state)) is not None:
        response.close()


def _last(state: RetryCallState) -> Any:
    return state.outcome.result() if state.outcome else None
