"""Many addresses: hosts side by side, one request at a time to each, and hosts that do not answer are left alone."""

import threading
import time
from collections.abc import Callable

import pytest
from werkzeug import Request, Response

from prunarium.catalog.links import Outcome, check_all
from prunarium.catalog.links.queues import MISSES
from prunarium.catalog.web import session
from tests.catalog.links.conftest import Site


def slowly(request: Request) -> Response:
    time.sleep(0.02)  # long enough for others to come in between, if they did
    return Response("")


def pages(site: Site, count: int, answer: Callable[[Request], Response] = slowly) -> list[str]:
    for number in range(count):
        site.answers[f"/{number}"] = answer
    return [site.url(f"/{number}") for number in range(count)]


def test_a_host_gets_one_request_at_a_time_and_all_addresses_their_result(sites: Callable[[], Site]) -> None:
    big, small = sites(), sites()
    urls = [*pages(big, 6), *pages(small, 3)]
    with session(0.05) as web:
        before = time.monotonic()
        results = list(check_all(web, urls, jobs=8))
    assert sorted(result.url for result in results) == sorted(urls)
    assert {result.outcome for result in results} == {Outcome.OK}
    assert (big.most_at_once, small.most_at_once) == (1, 1)
    assert (len(big.log), len(small.log)) == (6, 3)
    assert big.arrivals[-1] - before >= 5 * 0.05


def test_hosts_take_turns(sites: Callable[[], Site]) -> None:
    big, small = sites(), sites()
    with session(0.01) as web:
        list(check_all(web, [*pages(big, 6), *pages(small, 3)], jobs=1))
    assert small.arrivals[-1] < big.arrivals[3]


def test_hosts_are_asked_side_by_side(sites: Callable[[], Site]) -> None:
    meeting = threading.Barrier(2, timeout=20)

    def meet(request: Request) -> Response:
        meeting.wait()
        return Response("")

    urls = pages(sites(), 1, meet) + pages(sites(), 1, meet)
    with session(0.01) as web:
        assert [result.outcome for result in check_all(web, urls, jobs=2)] == [Outcome.OK] * 2


def test_a_host_that_does_not_answer_is_left_alone(closed_port: str, site: Site) -> None:
    dead = [f"{closed_port}/{number}" for number in range(6)]
    with session(0.01) as web:
        results = {result.url: result for result in check_all(web, [*dead, *pages(site, 2)], jobs=4)}
    expected = [Outcome.UNREACHABLE] * MISSES + [Outcome.NOT_CHECKED] * (6 - MISSES)
    assert [results[url].outcome for url in dead] == expected
    assert "did not answer 3 times in a row" in results[dead[-1]].message
    assert len(site.log) == 2


def test_a_host_that_wants_fewer_requests_is_left_alone(site: Site) -> None:
    urls = pages(site, 5, lambda request: Response("", 429, {"Retry-After": "9999"}))
    with session(0.01) as web:
        results = list(check_all(web, urls, jobs=4))
    assert len(site.log) == MISSES
    assert [result.outcome for result in results] == [Outcome.REFUSED] * 3 + [Outcome.NOT_CHECKED] * 2


def test_misses_that_are_not_in_a_row_do_not_count(site: Site) -> None:
    def sometimes(request: Request) -> Response:
        return Response("", 200 if request.path in ("/2", "/5") else 429, {"Retry-After": "9999"})

    urls = pages(site, 8, sometimes)
    with session(0.01) as web:
        results = list(check_all(web, urls, jobs=4))
    assert Outcome.NOT_CHECKED not in {result.outcome for result in results}


def test_breaking_off_begins_no_other_check(sites: Callable[[], Site]) -> None:
    asked = [sites() for _ in range(4)]
    with session(0.01) as web:
        checks = check_all(web, [url for site in asked for url in pages(site, 3)], jobs=1)
        next(checks)
        checks.close()
        for thread in threading.enumerate():
            if thread.name.startswith("check-links"):
                thread.join()
    assert sum(len(site.log) for site in asked) <= 2  # the first, and one that was under way already


@pytest.mark.parametrize("jobs", [1, 3])
def test_nothing_to_check(jobs: int) -> None:
    with session(0.01) as web:
        assert list(check_all(web, [], jobs)) == []
