"""Requests that take no longer than their timeout: a server may send one byte now and then for ever."""

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from threading import Thread
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests.exceptions import RequestException, Timeout


class PunctualAdapter(HTTPAdapter):
    """Sends requests, and waits no longer than the timeout: that of requests begins anew with every byte."""

    def send(  # type: ignore[override]  # as requests calls it
        self, request: PreparedRequest, stream: bool = False, timeout: Any = None, **kwargs: Any
    ) -> Response:
        """Send a request, and read the body where requests would read it next."""
        send = super().send

        def whole() -> Response:
            response = send(request, stream=stream, timeout=timeout, **kwargs)
            if not stream:
                response.content  # noqa: B018  # kept in the response
            elif response.is_redirect:
                with suppress(RequestException):  # a redirect is one without its body
                    response.content  # noqa: B018
            return response

        return _in_time(whole, timeout)


def _in_time(work: Callable[[], Response], seconds: float) -> Response:
    """The result of some work. Where it takes longer, it is left to itself, in a thread that no exit waits for."""
    outcome: Future[Response] = Future()

    def run() -> None:
        try:
            outcome.set_result(work())
        except BaseException as error:
            outcome.set_exception(error)

    Thread(target=run, name="request", daemon=True).start()
    try:
        return outcome.result(seconds)
    except TimeoutError as error:
        raise Timeout(f"no whole answer in {seconds:g} s") from error
