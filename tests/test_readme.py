"""README.md says what is true: its tables are the records', its Python runs, its commands exist."""

import re
import subprocess
import sys

import pytest
from typer.main import get_command

from prunarium.cli import app
from prunarium.paths import root

README = (root() / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)


def test_tables_are_the_records():
    done = subprocess.run([sys.executable, "scripts/fill_tables.py", "--check"], cwd=root(), capture_output=True)
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.parametrize("code", [code for kind, code in BLOCKS if kind == "python"])
def test_python_runs(code, capsys):
    names = {}
    exec(compile(code, "README.md", "exec"), names)
    if "merging" in names:
        assert "ToMe" in [paper.name for paper in names["merging"]]
    else:
        assert "block 11" in capsys.readouterr().out


def test_commands_and_make_targets_exist():
    text = "\n".join(code for kind, code in BLOCKS if kind == "bash")
    commands = set(re.findall(r"^prunarium ([\w-]+)", text, re.MULTILINE))
    assert commands and commands <= set(get_command(app).commands)
    targets = set(re.findall(r"^make ([\w-]+)", text, re.MULTILINE))
    makefile = (root() / "Makefile").read_text()
    assert {"run", "test", "site"} <= targets
    assert all(f"\n{target}:" in makefile for target in targets)


def test_the_pictures_are_there():
    for path in re.findall(r"!\[.*?\]\((.*?)\)", README):
        assert (root() / path).is_file()
