"""``prunarium add``: servers that are busy, silent, elsewhere or none."""

import time
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from prunarium.catalog import load

from .conftest import ARXIV, DOI, add, feed, refused


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again_after_the_wait_it_asks_for(tree: Path, apis: HTTPServer, status: int) -> None:
    busy = Response("", status, {"Retry-After": "1"})
    apis.expect_ordered_request("/api/query").respond_with_response(busy)
    apis.expect_ordered_request("/api/query").respond_with_data(feed())
    start = time.monotonic()
    add(tree, ARXIV)
    assert time.monotonic() - start >= 1
    assert load(tree).paper("epsilon").title == "Epsilon: Small Steps"


def test_a_silent_server_a_circle_and_a_missing_one(
    tree: Path, apis: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wait(request: Request) -> Response:
        time.sleep(1)
        return Response("")

    apis.expect_request("/api/query").respond_with_handler(wait)
    assert "does not answer in time; try again later" in refused(tree, ARXIV)
    circle = Response("", 302, {"Location": f"/works/{DOI}"})
    apis.expect_request(f"/works/{DOI}").respond_with_response(circle)
    assert "redirects in a circle; check the address of the API" in refused(tree, DOI)
    assert "cannot be reached" in refused(tree, ARXIV, "--arxiv-api", "http://localhost:9/")


@pytest.mark.parametrize("address", ["nowhere", "http://[", "http://.example/", "ftp://a.example/", "http://a:port/"])
def test_an_api_at_no_web_address(tree: Path, apis: HTTPServer, address: str) -> None:
    assert "is no web address; correct that of the API" in refused(tree, ARXIV, "--arxiv-api", address)
    assert "is no web address; correct that of the API" in refused(tree, DOI, "--crossref-api", address)


def test_a_body_that_ends_too_soon(tree: Path, apis: HTTPServer) -> None:
    cut = Response(iter([feed()[:500]]), 200, {"Content-Length": "5000"})
    apis.expect_request("/api/query").respond_with_handler(lambda request: cut)
    assert "sends no answer that can be read; try again later" in refused(tree, ARXIV)
