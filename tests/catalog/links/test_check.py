"""One check of one address, against servers that answer as the world's do: each case has a clear outcome."""

import threading
from collections.abc import Callable, Iterator

import pytest
from requests import Session
from werkzeug import Request, Response

from prunarium.catalog.links import Outcome
from prunarium.catalog.links.check import check
from prunarium.catalog.web import ATTEMPTS, session
from tests.catalog.links.conftest import Site

GETS = ["GET"] * ATTEMPTS


def to(address: str, status: int) -> Response:
    return Response("", status, {"Location": address})


@pytest.fixture
def web() -> Iterator[Session]:
    with session(delay=0.01, timeout=20) as made:
        yield made


@pytest.mark.parametrize(
    ("status", "outcome", "message", "methods"),
    [
        (200, Outcome.OK, "200 OK", ["HEAD"]),
        (204, Outcome.OK, "204 No Content", ["HEAD"]),
        (304, Outcome.ERROR, "304 Not Modified", ["HEAD", "GET"]),
        (401, Outcome.REFUSED, "401 Unauthorized", ["HEAD", "GET"]),
        (403, Outcome.REFUSED, "403 Forbidden", ["HEAD", "GET"]),
        (404, Outcome.GONE, "404 Not Found", ["HEAD", "GET"]),
        (410, Outcome.GONE, "410 Gone", ["HEAD", "GET"]),
        (429, Outcome.REFUSED, "429 Too Many Requests", ["HEAD"] * ATTEMPTS),
        (500, Outcome.ERROR, "500 Internal Server Error", ["HEAD", *GETS]),
        (503, Outcome.ERROR, "503 Service Unavailable", ["HEAD", *GETS]),
        (799, Outcome.ERROR, "799, which is no standard status", ["HEAD", "GET"]),
    ],
)
def test_a_status(site: Site, web: Session, status: int, outcome: Outcome, message: str, methods: list[str]) -> None:
    result = check(web, site.says("/page", Response("", status)))
    assert (result.outcome, result.status, result.message) == (outcome, status, message)
    assert site.asked("/page") == methods
    assert (result.final_url, result.moved_to) == (None, None)


@pytest.mark.parametrize("status", [403, 404, 405, 500, 501])
def test_a_server_that_knows_no_head_is_asked_with_get(site: Site, web: Session, status: int) -> None:
    site.answers["/page"] = lambda request: Response("", status if request.method == "HEAD" else 200)
    assert check(web, site.url("/page")).outcome is Outcome.OK
    assert site.asked("/page") == ["HEAD", "GET"]


def test_a_fault_that_passes_is_none(site: Site, web: Session) -> None:
    result = check(web, site.says("/page", Response("", 500), Response("", 500), Response("")))
    assert (result.outcome, result.status) == (Outcome.OK, 200)
    assert site.asked("/page") == ["HEAD", "GET", "GET"]


def test_redirects_say_where_to(site: Site, web: Session) -> None:
    end = site.says("/end", Response(""))
    moved = site.says("/moved", to("/end", 301))
    passing = site.says("/passing", to("/moved", 302))
    both = site.says("/both", to("/passing", 308))
    found = {url: check(web, url) for url in (moved, passing, both)}
    assert [(result.outcome, result.moved_to, result.final_url) for result in found.values()] == [
        (Outcome.MOVED, end, end),
        (Outcome.REDIRECTED, None, end),
        (Outcome.MOVED, passing, end),
    ]


def test_a_redirect_to_nothing_is_as_bad_as_nothing(site: Site, web: Session) -> None:
    result = check(web, site.says("/old", to("/nowhere", 301)))
    assert (result.outcome, result.final_url) == (Outcome.GONE, site.url("/nowhere"))


def test_redirects_without_end(site: Site, web: Session) -> None:
    web.max_redirects = 3
    site.says("/a", to("/b", 302))
    result = check(web, site.says("/b", to("/a", 302)))
    assert (result.outcome, result.message) == (Outcome.REDIRECT_LOOP, "redirects without end")


@pytest.mark.parametrize(
    "target",
    [b"mailto:ada@example.org", b"ftp://a.example/x", b"javascript:alert(1)", b"http://[half", b"http://.example/"],
)
def test_a_redirect_to_no_web_address(web: Session, raw: Callable[..., str], target: bytes) -> None:
    result = check(web, raw(b"HTTP/1.1 301 Moved\r\nLocation: " + target + b"\r\n\r\n"))
    assert result.outcome is Outcome.ERROR
    assert result.message.startswith("redirects to what is no web address: ")


def test_a_server_that_hangs(site: Site) -> None:
    done = threading.Event()

    def hang(request: Request) -> Response:
        done.wait(20)
        return Response("")

    site.answers["/page"] = hang
    with session(delay=0.01, timeout=0.1) as hasty:
        result = check(hasty, site.url("/page"))
    done.set()
    assert (result.outcome, result.message) == (Outcome.TIMEOUT, "no answer in time")
    assert site.asked("/page") == ["HEAD", *GETS]


@pytest.mark.parametrize(
    ("head", "drops"),
    [
        pytest.param(b"", b"HTTP/1.1 200 OK\r\nX: " + b"x" * 40 + b"\r\n\r\n", id="headers"),
        pytest.param(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 60\r\n\r\n", b"x" * 60, id="redirect"),
    ],
)
def test_a_server_that_drips(raw: Callable[..., str], head: bytes, drops: bytes) -> None:
    with session(delay=0.01, timeout=0.3) as hasty:
        result = check(hasty, raw(head, drops))
    assert (result.outcome, result.message) == (Outcome.TIMEOUT, "no answer in time")


def test_a_port_that_nobody_listens_at(web: Session, closed_port: str) -> None:
    result = check(web, f"{closed_port}/page")
    assert result.outcome is Outcome.UNREACHABLE
    assert result.message.startswith("no connection: ")
    assert "refused" in result.message


def test_a_host_that_does_not_exist(web: Session) -> None:
    result = check(web, "http://nobody.invalid/page")
    assert (result.outcome, result.message) == (Outcome.UNREACHABLE, "no such host: its name does not resolve")


def test_tls_at_a_port_that_speaks_none(site: Site, web: Session) -> None:
    result = check(web, site.url("/page").replace("http://", "https://"))
    assert result.outcome is Outcome.UNREACHABLE
    assert result.message.startswith("TLS does not hold: ")


@pytest.mark.parametrize("reply", [b"", b"HTTP/1.1 20", b"\xff\xfe\x00 what?\r\n\r\n"])
def test_a_reply_that_is_cut_off_or_none(web: Session, raw: Callable[[bytes], str], reply: bytes) -> None:
    result = check(web, raw(reply))
    assert result.outcome is Outcome.UNREACHABLE
    assert result.message.startswith("cut off before it answered: ")


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf", Outcome.OK, id="half a body"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\xe9\xff\xfe\x80", Outcome.OK, id="body"),
        pytest.param(b"HTTP/1.1 200 \xe9\xff\r\nX-Name: \xe9\xff\r\n\r\n", Outcome.OK, id="reason and header"),
        pytest.param(b"HTTP/1.1 404 \r\n\r\n", Outcome.GONE, id="empty reason"),
        pytest.param(b"HTTP/1.1 410\r\n\r\n", Outcome.GONE, id="no reason"),
        pytest.param(b"HTTP/1.1 301 Moved\r\nLocation: /caf\xe9\r\n\r\n", Outcome.ERROR, id="address"),
    ],
)
def test_bytes_of_no_known_encoding(web: Session, raw: Callable[[bytes], str], reply: bytes, outcome: Outcome) -> None:
    result = check(web, raw(reply))
    assert result.outcome is outcome
    assert result.model_dump_json().encode("utf-8")
