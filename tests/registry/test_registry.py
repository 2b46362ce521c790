"""Method folders: found, loaded, described; broken ones named."""

import shutil
from statistics import median

import pytest

import prunarium
from prunarium import PrunariumError, catalog, registry
from prunarium.families import Method
from prunarium.paths import root

METHODS = sorted(registry.cards())


def test_the_registry_holds_the_methods_and_baselines():
    assert {"tome", "evit", "fastv", "identity", "random", "topk-cls"} <= set(METHODS)


@pytest.mark.parametrize("name", METHODS)
def test_every_method(name):
    card, method = registry.find_card(name), prunarium.load(name)
    assert isinstance(method, Method)
    assert card.id == name and tuple(card.families) == method.families
    assert card.paper is None or catalog.load().paper(card.paper)
    assert type(method).__doc__
    assert all(field.description for field in type(method).model_fields.values())


def test_methods_are_short():
    """At most 150 lines of Python, the median at most 70."""
    lines = [len((root() / "methods" / name / "method.py").read_text().splitlines()) for name in METHODS]
    assert max(lines) <= 150
    assert median(lines) <= 70


@pytest.mark.parametrize("name", METHODS)
def test_a_method_folder_imports_only_families_and_ops(name):
    for line in (root() / "methods" / name / "method.py").read_text().splitlines():
        if line.startswith(("import prunarium", "from prunarium")):
            assert line.split()[1] in ("prunarium.families", "prunarium.ops", "prunarium.errors")


def test_repr_is_the_record_of_what_ran():
    method = prunarium.load("tome", r=13)
    assert repr(method) == "ToMe(r=13, proportional_attention=True)"
    with pytest.raises(Exception, match="frozen"):
        method.r = 4


def test_papers_know_their_methods():
    assert registry.methods_of_papers()["tome"] == ["tome"]
    assert not any("random" in methods for methods in registry.methods_of_papers().values())


def test_a_folder_anywhere_on_disk(tmp_path):
    mine = shutil.copytree(root() / "methods" / "tome", tmp_path / "mine")
    assert prunarium.load(str(mine), r=3).r == 3
    (mine / "method.py").write_text("x = 1\n")
    with pytest.raises(PrunariumError, match="holds 0 method classes; it must hold exactly one"):
        prunarium.load(str(shutil.copytree(mine, tmp_path / "empty")))
    (mine / "method.py").unlink()
    with pytest.raises(PrunariumError, match=r"needs a method\.py"):
        prunarium.load(str(shutil.copytree(mine, tmp_path / "none")))


@pytest.mark.parametrize(
    "code, said",
    [("def f(:\n", r"method\.py:1: cannot be loaded: SyntaxError"), ("import nowhere\n", "ModuleNotFoundError")],
)
def test_code_that_does_not_load(tmp_path, code, said):
    mine = shutil.copytree(root() / "methods" / "tome", tmp_path / "mine")
    (mine / "method.py").write_text(code)
    with pytest.raises(PrunariumError, match=said):
        prunarium.load(str(mine))


def test_a_card_under_another_name(tmp_path, monkeypatch):
    shutil.copytree(root() / "methods" / "tome", tmp_path / "methods" / "other")
    monkeypatch.setattr("prunarium.paths.root", lambda: tmp_path)
    with pytest.raises(PrunariumError, match="id: is 'tome', but the folder is 'other'"):
        registry.cards()


def test_errors():
    with pytest.raises(PrunariumError, match=r"no method 'tomme' \(did you mean 'tome'\?\)"):
        prunarium.load("tomme")
    with pytest.raises(PrunariumError, match="tome has no parameter 'rr'"):
        prunarium.load("tome", rr=3)
    with pytest.raises(PrunariumError, match="fastv: layer=0"):
        prunarium.load("fastv", layer=0)
