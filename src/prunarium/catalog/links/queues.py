"""Many checks: hosts side by side, the addresses of one host one after the other."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from http import HTTPStatus
from urllib.parse import urlsplit

from requests import Session

from prunarium.catalog.links.check import check
from prunarium.catalog.links.outcomes import Outcome, Result, not_checked

MISSES = 3
"""A host that so many times in a row does not answer, or wants fewer requests, is left alone."""


class _Host:
    """The addresses that one host is still to be asked for."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.waiting: deque[str] = deque()
        self.misses = 0

    def hear(self, result: Result) -> None:
        """Count an answer that is none."""
        none = result.outcome in (Outcome.UNREACHABLE, Outcome.TIMEOUT)
        missed = none or result.status == HTTPStatus.TOO_MANY_REQUESTS
        self.misses = self.misses + 1 if missed else 0

    def give_up(self) -> Iterator[Result]:
        """Results for what waits, where the host has had its chances."""
        while self.misses >= MISSES and self.waiting:
            message = f"{self.name} did not answer {MISSES} times in a row, or wants fewer requests"
            yield not_checked(self.waiting.popleft(), message)


def check_all(web: Session, urls: Iterable[str], jobs: int) -> Iterator[Result]:
    """Check every address, and give each result as it comes. ``jobs`` hosts at a time, one request at a time to each.

    Hosts take turns, so that none waits for the long queue of another. An iteration that is broken off begins no other
    check.
    """
    pool = ThreadPoolExecutor(jobs, thread_name_prefix="check-links")
    try:
        asked: dict[Future[Result], _Host] = {}
        for host in _hosts(urls):
            asked[pool.submit(check, web, host.waiting.popleft())] = host
        while asked:
            for done in wait(asked, return_when=FIRST_COMPLETED).done:
                host = asked.pop(done)
                host.hear(done.result())
                yield done.result()
                yield from host.give_up()
                if host.waiting:
                    asked[pool.submit(check, web, host.waiting.popleft())] = host
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _hosts(urls: Iterable[str]) -> list[_Host]:
    """The hosts with their addresses, the longest queue first: it decides how long all takes."""
    hosts: dict[str, _Host] = {}
    for url in urls:
        name = urlsplit(url).netloc.casefold()
        hosts.setdefault(name, _Host(name)).waiting.append(url)
    return sorted(hosts.values(), key=lambda host: -len(host.waiting))
