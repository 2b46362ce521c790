"""Every code block of the guide, of README.md and of CONTRIBUTING.md runs, or says why it does not."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from prunarium.cli import app
from prunarium.paths import root
from tests.code_blocks import Block, blocks, copy_of_the_tree, pages
from tests.warm_prunarium import warm_prunarium

ALL = [block for page in pages() for block in blocks(page)]
CODE = {"python", "bash", "yaml"}
SHOWN = {"text", "json"}
"""What is only shown: an output."""
REASONS = ("it installs", "it asks", "it fetches", "it needs", "it takes", "it goes on")


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of_the_tree(tmp_path_factory.mktemp("clone"))


@pytest.fixture(scope="module")
def shell(clone: Path) -> Iterator[dict[str, str]]:
    """The environment in which shell blocks run: that of a reader in a clone."""
    with warm_prunarium(clone) as folder:
        path = os.pathsep.join([str(folder), str(Path(sys.executable).parent), os.environ["PATH"]])
        yield {**os.environ, "PATH": path, "PYTHONPATH": str(clone / "src"), "COLUMNS": "120"}


def run(block: Block, names: dict[str, object], clone: Path, shell: dict[str, str]) -> None:
    if block.file:
        (clone / block.file).parent.mkdir(parents=True, exist_ok=True)
        (clone / block.file).write_text(block.text, encoding="utf-8")
    elif block.language == "python":
        exec(compile("\n" * block.line + block.text, block.page, "exec"), names)
    elif block.language == "bash":
        options = {"PRUNARIUM_BLOCK_OPTIONS": block.options}
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block.text],
            cwd=clone,
            env=shell | options,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{block}\n{block.text}\n{done.stdout}\n{done.stderr}"


def with_blocks(slow: bool) -> list[str]:
    return [page for page in pages() if any(block.slow is slow and block.language in CODE for block in blocks(page))]


PRINTED = {
    "README.md": ["block 11"],
    "site/pages/guide/start.md": ["block 11"],
    "site/pages/guide/models.md": ["block 11", "torch.Size([2, 101, 192]) torch.Size([2, 197, 192])"],
}
"""What a page says or means of what its Python prints."""


@pytest.mark.parametrize("page", with_blocks(slow=False))
def test_every_block_of_a_page_runs_in_turn(page, clone, shell, monkeypatch, capsys):
    monkeypatch.chdir(clone)
    names: dict[str, object] = {}
    for block in blocks(page):
        if not block.not_run and not block.slow:
            run(block, names, clone, shell)
    printed = capsys.readouterr().out
    assert [text for text in PRINTED.get(page, ()) if text not in printed] == []


@pytest.mark.slow
@pytest.mark.parametrize("page", with_blocks(slow=True))
def test_every_slow_block_runs(page, clone, shell, monkeypatch):
    monkeypatch.chdir(clone)
    for block in blocks(page):
        if block.slow or block.file:
            run(block, {}, clone, shell)


def test_each_block_says_what_it_is():
    assert len(ALL) > 40
    unknown = [f"{block}: {block.language}" for block in ALL if block.language not in CODE | SHOWN]
    assert unknown == []
    assert [str(block) for block in ALL if block.language == "yaml" and not block.file] == []


def test_each_block_that_does_not_run_has_a_reason(capsys):
    left_out = [block for block in ALL if block.not_run]
    with capsys.disabled():
        print(f"\n{len(left_out)} of {sum(block.language in CODE for block in ALL)} blocks do not run:")
        for block in left_out:
            print(f"  {block}: {block.not_run}")
    assert [str(block) for block in left_out if not block.not_run.startswith(REASONS)] == []
    python = [str(block) for block in left_out if block.language == "python"]
    assert python == []


TEMPLATES = (root() / "src" / "prunarium" / "site" / "templates").glob("*.html")
LINES = [(str(block), words) for block in ALL for words in block.commands] + [
    (path.name, shlex.split(line)[1:])
    for path in sorted(TEMPLATES)
    for line in re.findall(r'ui\.command\("(prunarium [^"~]+)"\)', path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize(("place", "words"), LINES, ids=[f"{place} {' '.join(words)}" for place, words in LINES])
def test_each_command_is_one_of_the_command_line(place, words):
    command, context, name = get_command(app), None, "prunarium"
    while hasattr(command, "commands") and words:
        context = command.make_context(name, [words[0]], parent=context)
        name, *words = words
        assert name in command.commands, f"{place}: there is no command {name}"
        command = command.commands[name]
    with suppress(typer.Exit):  # --help
        command.make_context(name, list(words), parent=context)


def test_each_make_target_exists():
    makefile = (root() / "Makefile").read_text(encoding="utf-8")
    targets = {
        shlex.split(line, comments=True)[1]
        for block in ALL
        if block.language == "bash"
        for line in block.text.splitlines()
        if line.startswith("make ")
    }
    assert {"run", "test", "site"} <= targets
    assert [target for target in targets if f"\n{target}:" not in makefile] == []
