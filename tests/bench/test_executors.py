"""Which executor, with which options: what cannot be is one line."""

import sys

import pytest

from prunarium import PrunariumError
from prunarium.bench.executors import executor


@pytest.mark.parametrize("name, package", [("ray", "ray"), ("slurm", "submitit")])
def test_without_the_package(monkeypatch, name, package):
    for module in [module for module in sys.modules if module.startswith("prunarium.bench.executors.")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(PrunariumError, match=rf"needs {package}.*: pip install 'prunarium\[distributed\]'"):
        executor(name)


@pytest.mark.parametrize(
    "name, options, fault",
    [
        ("slrum", {}, r"no executor 'slrum' \(did you mean 'slurm'\?\)"),
        ("local", {"address": "127.0.0.1:6379"}, "--address means nothing to --executor local"),
        ("ray", {"slurm": ["partition=gpu"]}, "--slurm means nothing to --executor ray"),
    ],
)
def test_what_cannot_be(name, options, fault):
    with pytest.raises(PrunariumError, match=fault):
        executor(name, **options)


def test_processes_that_somebody_else_started(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "0")
    with pytest.raises(PrunariumError, match="2 processes share each cell already"):
        executor("ray")
    with pytest.raises(PrunariumError, match="leave out --executor and --processes"):
        executor("local", processes=2)
