"""The environment in a score: the commit is Prunarium's own, and says when files had changed since."""

import subprocess

import pytest
import torch

from prunarium import PrunariumError, paths
from prunarium.bench.environment import environment
from prunarium.bench.workload import find_device

CPU = torch.device("cpu")


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository with one commit, in the place of Prunarium's."""

    def git(*words):
        identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        return subprocess.run(["git", *identity, *words], cwd=tmp_path, check=True, capture_output=True, text=True)

    git("init")
    (tmp_path / "file").write_text("one")
    git("add", "file")
    git("commit", "--message", "one")
    monkeypatch.setattr(paths, "root", lambda: tmp_path)
    return tmp_path, git("rev-parse", "HEAD").stdout.strip()


def test_commit_and_dirty_flag(repository):
    root, head = repository
    clean = environment(CPU, "float32")
    assert (clean.commit, clean.dirty) == (head, False)
    record = root / "methods" / "tome" / "measured" / "new.json"
    record.parent.mkdir(parents=True)
    record.write_text("a score does not change what is measured")
    assert not environment(CPU, "float32").dirty
    method = record.parent.parent / "method.py"
    method.write_text("a method that nobody has committed")
    assert environment(CPU, "float32").dirty
    method.unlink()
    (root / "file").write_text("two")
    assert environment(CPU, "float32").dirty


def test_the_commit_of_a_repository_around_an_installed_package_is_not_ours(repository, monkeypatch):
    inside = repository[0] / "site-packages"
    inside.mkdir()
    monkeypatch.setattr(paths, "root", lambda: inside)
    found = environment(CPU, "float32")
    assert (found.commit, found.dirty) == (None, False)


@pytest.mark.parametrize("name", ["mps", "xpu", "mps:0"])
def test_a_device_that_would_pass_for_the_processor_is_refused(name):
    for refuses in (find_device, lambda name: environment(torch.device(name), "float32")):
        with pytest.raises(PrunariumError, match=f"--device {name}: cannot be measured on; choose cpu, cuda, meta"):
            refuses(name)


def test_what_ran_where():
    found = environment(CPU, "bfloat16")
    assert (found.device_kind, found.precision, found.threads) == ("cpu", "bfloat16", torch.get_num_threads())
    assert found.device and found.platform
    assert {"prunarium", "torch", "timm", "transformers"} <= set(found.versions)
