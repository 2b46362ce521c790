"""The command line inside this process: no new one that loads torch again."""

import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from prunarium.cli import main


class Done(NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: str


@pytest.fixture
def prunarium(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    """The command line, as ``python -m prunarium`` starts it."""

    def run(*words: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["prunarium", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            main()
            raise SystemExit(0)
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return Done(int(stop.value.code or 0), out, err)

    return run
