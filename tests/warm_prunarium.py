"""A ``prunarium`` for shell blocks that starts at once: one process has loaded everything, and forks for each call.

Every call is a process of its own, with the caller's folder, environment and streams; only the seconds in which torch
is loaded are shared. The process listens on a socket, and ``bin/prunarium`` hands each call to it.
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path

LOADED = (
    "matplotlib.figure",
    "scipy.stats",
    "sklearn.datasets",
    "timm",
    "torch",
    "prunarium.cli",
    "prunarium.bench.run",
)

_CALLER = """\
#!{python} -IS
import json, os, shlex, socket, sys

link = socket.socket(socket.AF_UNIX)
link.connect({address!r})
words = [*sys.argv[1:], *shlex.split(os.environ.get("PRUNARIUM_BLOCK_OPTIONS", ""))]
call = json.dumps([words, os.getcwd(), dict(os.environ)]).encode()
socket.send_fds(link, [len(call).to_bytes(4, "big")], [0, 1, 2])
link.sendall(call)
sys.exit(int(link.recv(16)))
"""


@contextmanager
def warm_prunarium(clone: Path) -> Iterator[Path]:
    """Serve the ``src/prunarium`` of a clone. Yields the folder to put on the path."""
    folder = clone / ".warm"
    folder.mkdir()
    address = str(folder / "socket")
    program = folder / "prunarium"
    program.write_text(_CALLER.format(python=sys.executable, address=address))
    program.chmod(0o755)
    environment = {**os.environ, "PYTHONPATH": str(clone / "src")}
    command = [sys.executable, __file__, address]
    with subprocess.Popen(command, env=environment, cwd=clone, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout and server.stdout.readline() == "ready\n"
        try:
            yield folder
        finally:
            server.kill()


def _serve(address: str) -> None:
    for module in LOADED:  # and not used: a fork of a process whose torch has started threads would hang
        import_module(module)

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen()
        print("ready", flush=True)
        while True:
            link, _ = server.accept()
            with link:
                _answer(link)


def _answer(link: socket.socket) -> None:
    length, streams, *_ = socket.recv_fds(link, 4, 3)
    call = b""
    while len(call) < int.from_bytes(length, "big"):
        call += link.recv(65536)
    words, folder, environment = json.loads(call)
    child = os.fork()
    if not child:
        for place, stream in enumerate(streams):
            os.dup2(stream, place)
        os._exit(_call(words, folder, environment))
    for stream in streams:
        os.close(stream)
    _, status = os.waitpid(child, 0)
    link.sendall(str(os.waitstatus_to_exitcode(status)).encode())


def _call(words: list[str], folder: str, environment: dict[str, str]) -> int:
    import traceback

    from prunarium.cli import main

    os.chdir(folder)
    os.environ.update(environment)
    sys.argv = ["prunarium", *words]
    sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)  # the caller's
    code = 0
    try:
        main()
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    with suppress(BrokenPipeError):
        sys.stdout.flush()
        sys.stderr.flush()
    return code


if __name__ == "__main__":
    _serve(sys.argv[1])
