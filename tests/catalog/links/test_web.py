"""The session that all requests go through: slow enough, patient, and known by its name."""

import time
from collections.abc import Callable

import pytest
from requests import ConnectionError, TooManyRedirects
from werkzeug import Response

from prunarium.catalog.web import ARXIV_DELAY, ATTEMPTS, PATIENCE, REDIRECTS, USER_AGENT, session
from tests.catalog.links.conftest import Site

DELAY = 0.1


def test_it_says_who_asks(site: Site) -> None:
    names: list[str] = []

    def listen(request) -> Response:
        names.append(request.headers["User-Agent"])
        return Response("")

    site.answers["/"] = listen
    with session(DELAY) as web:
        web.get(site.url("/"))
    assert names == [USER_AGENT]
    assert USER_AGENT.startswith("prunarium/")


def test_requests_to_one_host_keep_their_distance(site: Site) -> None:
    with session(DELAY) as web:
        before = time.monotonic()
        for _ in range(4):
            web.get(site.url("/"))
    assert site.arrivals[-1] - before >= 3 * DELAY


def test_tries_and_redirects_count_as_requests(site: Site) -> None:
    site.says("/busy", Response("", 503), Response("", 303, {"Location": "/next"}))
    site.says("/next", Response(""))
    with session(DELAY) as web:
        before = time.monotonic()
        web.get(site.url("/busy"))
        web.get(site.url("/next"))
    assert site.log == [("GET", "/busy"), ("GET", "/busy"), ("GET", "/next"), ("GET", "/next")]
    assert site.arrivals[-1] - before >= 3 * DELAY


def test_a_redirect_from_elsewhere_waits_its_turn(sites: Callable[[], Site]) -> None:
    near, far = sites(), sites()
    near.says("/", Response("", 302, {"Location": far.says("/", Response(""))}))
    with session(DELAY) as web:
        before = time.monotonic()
        web.get(near.url("/"))
        web.get(far.url("/"))
        web.get(far.url("/"))
    assert far.arrivals[-1] - before >= 2 * DELAY


@pytest.mark.parametrize(("method", "status"), [("HEAD", 429), ("GET", 503)])
def test_the_wait_that_a_server_asks_for_is_kept(site: Site, method: str, status: int) -> None:
    url = site.says("/", Response("", status, {"Retry-After": "1"}), Response(""))
    with session(0.01) as web:
        assert web.request(method, url).status_code == 200
    first, second = site.arrivals
    assert second - first >= 1


def test_a_wait_that_is_too_long_ends_the_tries(site: Site) -> None:
    url = site.says("/", Response("", 429, {"Retry-After": str(int(PATIENCE) + 1)}))
    with session(0.01) as web:
        assert web.get(url).status_code == 429
    assert len(site.log) == 1


@pytest.mark.parametrize("words", ["soon", "-5", "Mon, 99 Foo 99999 00:00:00 GMT", "9" * 30, "1.5", ""])
def test_a_wait_that_cannot_be_read_is_none(site: Site, words: str) -> None:
    url = site.says("/", Response("", 503, {"Retry-After": words}))
    with session(0.01) as web:
        assert web.get(url).status_code == 503
    assert len(site.log) in (1, ATTEMPTS)


def test_a_date_can_be_waited_for_too(site: Site) -> None:
    past = "Mon, 01 Jan 2024 00:00:00 GMT"
    url = site.says("/", Response("", 503, {"Retry-After": past}), Response(""))
    with session(0.01) as web:
        assert web.get(url).status_code == 200


def test_a_redirect_loop_ends(site: Site) -> None:
    url = site.says("/", Response("", 302, {"Location": "/"}))
    with session(0.01) as web, pytest.raises(TooManyRedirects):
        web.head(url, allow_redirects=True)
    assert len(site.log) == REDIRECTS + 1


def test_only_a_get_is_sent_again_after_a_failure(closed_port: str, site: Site) -> None:
    url = site.says("/", Response("", 500))
    with session(0.01) as web:
        assert [web.head(url).status_code, web.post(url).status_code] == [500, 500]
        assert len(site.log) == 2
        assert web.get(url).status_code == 500
        assert len(site.log) == 2 + ATTEMPTS
        with pytest.raises(ConnectionError):
            web.get(closed_port)


def test_arxiv_gets_its_distance_whatever_is_asked_for() -> None:
    with session(0.01) as hasty, session(10) as slow:
        for host in ("http://arxiv.org/abs/2301.01230", "https://export.arxiv.org/api", "https://www.arxiv.org/"):
            assert hasty.get_adapter(host) is hasty.get_adapter("https://arxiv.org/")
            assert intervals(hasty, host) == [ARXIV_DELAY * 1000]
            assert intervals(slow, host) == [10_000]
        assert not hasty.get_adapter("https://arxiv.org/").per_host  # its hosts share one limit
        assert intervals(hasty, "https://arxiv.org.example/") == [10]


def intervals(web, url: str) -> list[float]:
    """The milliseconds in which one request to an address may be sent."""
    rates = web.get_adapter(url).limiter.bucket_factory.rates
    assert [rate.limit for rate in rates] == [1]
    return [rate.interval for rate in rates]
