"""A run that is stopped in the middle, by its user or by force: what it found stays, and the next run goes on."""

import json
import signal
import subprocess
import threading
from pathlib import Path

import pytest
from werkzeug import Request, Response

from tests.catalog.links.conftest import Site, invoke, run, start, write_paper

COUNT, STUCK = 8, 4


class Gate:
    """Pages of one host, of which one does not answer before the gate opens."""

    def __init__(self, site: Site) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()
        for number in range(COUNT):
            site.answers[f"/{number}"] = self.answer
        self.urls = [site.url(f"/{number}") for number in range(COUNT)]

    def answer(self, request: Request) -> Response:
        if request.path == f"/{STUCK}":
            self.reached.set()
            self.opened.wait(30)
        return Response("")


@pytest.fixture
def gate(site: Site, empty: Path) -> Gate:
    made = Gate(site)
    write_paper(empty, "alpha", made.urls)
    return made


def stop_in_the_middle(tree: Path, gate: Gate, how: signal.Signals) -> "subprocess.CompletedProcess[str]":
    process = start(tree, "--timeout", "60")
    assert gate.reached.wait(30)
    process.send_signal(how)
    stdout, stderr = process.communicate(timeout=20)  # the request that is under way would take its 30 seconds
    gate.opened.set()
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_the_next_run_goes_on(empty: Path, site: Site, gate: Gate, how: signal.Signals) -> None:
    stopped = stop_in_the_middle(empty, gate, how)
    assert [path for _, path in site.log] == [f"/{number}" for number in range(STUCK + 1)]
    if how is signal.SIGINT:
        assert_told_what_is_known(stopped)
    site.log.clear()
    done = run(empty, "--json")
    assert [path for _, path in site.log] == [f"/{number}" for number in range(STUCK, COUNT)]
    assert json.loads(done.stdout)["outcomes"] == {"ok": COUNT}
    assert (done.returncode, "warning" in done.stderr) == (0, False)
    lines = (empty / "build" / "links.jsonl").read_text().splitlines()
    assert sorted(json.loads(line)["url"] for line in lines) == sorted(gate.urls)


def assert_told_what_is_known(stopped: "subprocess.CompletedProcess[str]") -> None:
    rows = [line.split()[:2] for line in stopped.stdout.splitlines()[1:3]]
    assert rows == [["ok", str(STUCK)], ["not-checked", str(COUNT - STUCK)]]
    assert stopped.stderr.splitlines()[-1].startswith("stopped; what was found is in ")
    assert (stopped.returncode, "Traceback" in stopped.stderr) == (130, False)


def test_a_line_that_was_cut_in_two_is_said_and_asked_again(empty: Path, site: Site, gate: Gate) -> None:
    gate.opened.set()
    invoke(empty)
    cache = empty / "build" / "links.jsonl"
    cache.write_bytes(cache.read_bytes()[:-20])
    site.log.clear()
    done = invoke(empty)
    assert f"warning: {cache}:{COUNT}: was cut off; left out, its address is checked again\n" in done.stderr
    assert [path for _, path in site.log] == [f"/{COUNT - 1}"]
    assert done.exit_code == 0
    assert len(cache.read_text().splitlines()) == COUNT
