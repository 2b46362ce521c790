"""``prunarium new method``: what it writes runs at once, is valid, and shows on the site."""

import json
import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from prunarium import paths
from prunarium.catalog.validate import validate
from prunarium.registry.skeleton import class_name
from prunarium.site import content, pages

SKIPPED = shutil.ignore_patterns("__pycache__", "papers", "measured")


@pytest.fixture
def tree(tmp_path):
    """A tree with vocabularies, one paper, one method and the folder of the methods' tests."""
    root = tmp_path / "tree"
    shutil.copytree(paths.root() / "catalog", root / "catalog", ignore=SKIPPED)
    shutil.copytree(paths.root() / "methods" / "identity", root / "methods" / "identity", ignore=SKIPPED)
    shutil.copy(paths.root() / "mkdocs.yml", root)
    (root / "catalog" / "papers").mkdir()
    shutil.copy(paths.root() / "catalog" / "papers" / "tome.yaml", root / "catalog" / "papers")
    (root / "tests" / "methods").mkdir(parents=True)
    return root


def started(*words, cwd):
    """A real process, as a reader starts it."""
    command = [sys.executable, "-m", *map(str, words)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, env={**os.environ, "COLUMNS": "200"})
    assert "Traceback" not in done.stderr, done.stderr
    return done


def test_a_new_folder_runs_and_its_test_passes(tmp_path):
    done = started("prunarium", "new", "method", "my-own", "--into", "mine", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    command = next(line for line in done.stdout.splitlines() if line.startswith("run it: prunarium "))
    assert command == f"run it: prunarium run {Path('mine/my-own')} --budget 0.5"
    words = command.removeprefix("run it: prunarium ").split()
    fast = ("--samples", "32", "--seconds", "0", "--batch-size", "1", "--threads", "1", "--json")
    run = started("prunarium", *words, *fast, cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    score = json.loads(run.stdout)
    assert score["method"] == "my-own"
    assert abs(score["cost"]["budget"] - 0.5) <= 0.01
    made = runpy.run_path(str(tmp_path / "mine" / "my-own" / "test_my_own.py"))
    tests = [test for name, test in made.items() if name.startswith("test_")]
    assert len(tests) == 2
    for test in tests:
        test()


@pytest.mark.parametrize("family", ["vit", "vlm", "encoder", "decoder", "prompt"])
def test_in_a_tree_it_is_valid_and_has_its_page(tree, prunarium, family):
    done = prunarium("new", "method", "my-own", "--family", family, "--paper", "tome", "--root", tree, "--json")
    assert done.code == 0, done.err
    assert [Path(name).name for name in json.loads(done.out)["files"]] == ["card.yaml", "method.py", "test_my_own.py"]
    assert (tree / "tests" / "methods" / "test_my_own.py").is_file()
    assert [fault for fault in validate(tree) if fault.startswith("methods/")] == []
    everything = content.read(tree)
    made = pages.pages(everything)
    page = made["methods/my-own/index.md"].decode()
    assert f"prunarium {'compress my-own prompt.txt' if family == 'prompt' else 'run my-own --budget 0.5'}" in page
    assert "keep_rate" in page
    assert ("No token maps made yet" in page) is (family != "prompt")
    assert b"My Own" in made["methods/index.md"]
    assert "my-own" in made["papers/tome/index.md"].decode()


def test_the_prompt_beginning_runs(tmp_path, prunarium, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = prunarium("new", "method", "mine", "--family", "prompt", "--into", tmp_path)
    assert done.code == 0 and "run it: prunarium.load('mine').compress(text, tokenizer=...)" in done.out
    for name, test in runpy.run_path(str(tmp_path / "mine" / "test_mine.py")).items():
        if name.startswith("test_"):
            test()


def test_the_vlm_beginning_runs(tmp_path, prunarium, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert prunarium("new", "method", "mine", "--family", "vlm", "--into", tmp_path).code == 0
    run = prunarium(
        "run", "./mine", "--budget", "0.5", "--samples", "16", "--seconds", "0", "--batch-size", "1", "--json"
    )
    assert run.code == 0, run.err
    assert json.loads(run.out)["benchmark"] == "digit-grid"


@pytest.mark.parametrize(
    "words, said",
    [
        (["identity"], "methods/identity: is there already; choose another name, or remove it"),
        (["My"], "'My' is no id of a method; give lower-case words joined by hyphens"),
        (["../up"], "'../up' is no id of a method"),
        (
            ["mine", "--family", "vti"],
            "there is no family 'vti' (did you mean 'vit'?): vit or vlm or encoder or decoder or prompt",
        ),
        (["mine", "--paper", "tomme"], "there is no paper 'tomme' (did you mean 'tome'?)"),
    ],
)
def test_what_is_refused_writes_nothing(tree, prunarium, words, said):
    before = sorted(tree.rglob("*"))
    done = prunarium("new", "method", *words, "--root", tree)
    assert done.code == 1
    assert said in done.err
    assert len(done.err.strip().splitlines()) == 1
    assert sorted(tree.rglob("*")) == before


def test_a_test_that_is_there_is_not_overwritten(tree, prunarium):
    mine = tree / "tests" / "methods" / "test_mine.py"
    mine.write_text("mine")
    done = prunarium("new", "method", "mine", "--root", tree)
    assert done.code == 1
    assert mine.read_text() == "mine"
    assert not (tree / "methods" / "mine").exists()


def test_a_place_that_cannot_be_written_is_one_line(tmp_path, prunarium):
    (tmp_path / "file").write_text("in the way")
    done = prunarium("new", "method", "mine", "--into", tmp_path / "file")
    assert done.code == 1
    assert "cannot be written" in done.err
    assert len(done.err.strip().splitlines()) == 1


def test_class_names():
    assert [class_name(name) for name in ("tome", "my-own", "2d-merge")] == ["Tome", "MyOwn", "M2dMerge"]
