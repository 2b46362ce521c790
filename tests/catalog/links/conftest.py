"""Real servers on this machine, which write down who asked for what and when, and a catalogue that points to them."""

import os
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from typer.testing import CliRunner, Result
from werkzeug import Request, Response

from prunarium.cli import app

Answer = Callable[[Request], Response]


@dataclass
class Site:
    """A web server. ``answers`` holds what it says by path; what is missing there is 404."""

    server: HTTPServer
    answers: dict[str, Answer] = field(default_factory=dict)
    log: list[tuple[str, str]] = field(default_factory=list)
    arrivals: list[float] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def url(self, path: str) -> str:
        return self.server.url_for(path)

    def asked(self, path: str) -> list[str]:
        """The methods that a path was asked with."""
        return [method for method, known in self.log if known == path]

    def answer(self, request: Request) -> Response:
        with self.lock:
            self.arrivals.append(time.monotonic())
            self.log.append((request.method, request.path))
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            known = self.answers.get(request.path)
            return known(request) if known else Response("", 404)
        finally:
            with self.lock:
                self.at_once -= 1

    def says(self, path: str, *replies: Response) -> str:
        """Answer a path with the replies, one after the other, and the last one from then on; gives the address."""
        waiting = list(replies)
        self.answers[path] = lambda request: waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return self.url(path)


@pytest.fixture(scope="session")
def servers() -> Iterator[list[HTTPServer]]:
    """The servers of all tests: to stop one takes half a second."""
    running: list[HTTPServer] = []
    yield running
    for server in running:
        server.stop()


@pytest.fixture
def sites(servers: list[HTTPServer]) -> Iterator[Callable[[], Site]]:
    """Start as many web servers as a test wants."""
    used: list[HTTPServer] = []

    def begin() -> Site:
        if len(used) == len(servers):
            servers.append(HTTPServer(host="127.0.0.1", threaded=True))
            servers[-1].start()
        site = Site(servers[len(used)])
        site.server.expect_request("").respond_with_handler(site.answer)
        used.append(site.server)
        return site

    yield begin
    for server in used:
        server.clear()


@pytest.fixture
def site(sites: Callable[[], Site]) -> Site:
    """One web server."""
    return sites()


@pytest.fixture
def raw() -> Iterator[Callable[..., str]]:
    """Serve a reply byte for byte, and some more bytes one by one, then close the connection; gives the address."""
    running: list[socketserver.ThreadingTCPServer] = []

    def start(reply: bytes, drops: bytes = b"") -> str:
        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                self.request.recv(65536)
                with suppress(ConnectionError):  # whoever asked may have gone
                    self.request.sendall(reply)
                    for drop in drops:
                        time.sleep(0.05)
                        self.request.sendall(bytes([drop]))

        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        running.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}/"

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.fixture
def closed_port() -> str:
    """The address of a port that nobody listens at."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that do not resolve must fail here, and not at a proxy of whoever runs the tests."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)


def write_paper(tree: Path, paper_id: str, urls: list[str]) -> None:
    """A record that holds these addresses, from its line 8 on."""
    lines = [
        "# yaml-language-server: $schema=../schemas/paper.schema.json",
        f"id: {paper_id}",
        f"title: On {paper_id}",
        "year: 2024",
        "kind: method",
        "links:",
        "  other:",
        *(f"    - {url}" for url in urls),
    ]
    (tree / "catalog" / "papers" / f"{paper_id}.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def empty(tree: Path) -> Path:
    """A valid tree without any paper."""
    for path in (tree / "catalog" / "papers").iterdir():
        path.unlink()
    return tree


def options_of(tree: Path, *options: str) -> list[str]:
    """The arguments of a check of a tree, with hardly a delay."""
    return ["check-links", "--root", str(tree), "--delay", "0.01", *options]


def invoke(tree: Path, *options: str) -> Result:
    """Run ``prunarium check-links`` on a tree inside this process."""
    return CliRunner().invoke(app, options_of(tree, *options), catch_exceptions=False)


def start(tree: Path, *options: str) -> "subprocess.Popen[str]":
    """Begin it as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", "from prunarium.cli import main; main()", *options_of(tree, *options)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # tests in the background have it ignored
    )


def run(tree: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """Run it to its end as a process of its own."""
    process = start(tree, *options)
    stdout, stderr = process.communicate(timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)
