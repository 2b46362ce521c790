"""The docs tree gives the same pages with every renderer that reads mkdocs.yml: scripts/check_renderers.py."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from prunarium import paths

sys.path.insert(0, str(paths.root() / "scripts"))
from check_renderers import check, difference

OTHERS = ("properdocs", "zensical")
MKDOCS = f'"{sys.executable}" -m mkdocs "$@" --quiet'


def installed(name):
    """The program where CONTRIBUTING.md puts it, or on the path."""
    place = paths.root() / "build" / name / "bin" / name
    return place if place.is_file() else shutil.which(name)


@pytest.fixture
def renderer(tmp_path):
    """Makes a renderer of shell commands."""

    def renderer(name, commands):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n{commands}\n")
        program.chmod(0o755)
        return program

    return renderer


def test_each_renderer_is_held_against_mkdocs(small_tree, renderer, tmp_path):
    same = renderer("same", MKDOCS)
    faulty = renderer("faulty", f"{MKDOCS}\nrm faulty/papers/tome/index.html\necho > faulty/more.html")
    broken = renderer("broken", "echo first; echo 'out of ink' >&2; exit 3")
    faults = check(small_tree, [same, faulty, broken, renderer("idle", "exit 0"), tmp_path / "absent"])
    assert faults[:2] == [
        "faulty: 1 missing: papers/tome/index.html; 1 besides: more.html",
        "broken: fails with exit code 3: out of ink",
    ]
    assert "missing: 404.html" in faults[2]
    assert faults[3:] == ["absent: cannot be run: No such file or directory"]


def test_long_lists_are_cut():
    names = {f"{number:03}.html" for number in range(40)}
    assert difference(names, set()).endswith("009.html and 30 more")
    assert difference(names, names) == ""


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHERS)
def test_the_other_renderers_give_the_same_pages(name):
    program = installed(name)
    if program is None:
        pytest.skip(f"no {name}: CONTRIBUTING.md says how to install it in an environment of its own")
    command = [sys.executable, str(paths.root() / "scripts" / "check_renderers.py"), str(Path(program))]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert f"{name}: " in run.stdout
