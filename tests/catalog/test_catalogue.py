"""The catalogue in memory: look-up and search."""

import subprocess
import sys
from pathlib import Path

import pytest

from prunarium.catalog import Catalogue, load
from prunarium.errors import PrunariumError


@pytest.fixture
def catalogue(tree: Path) -> Catalogue:
    return load(tree)


def ids(papers: object) -> list[str]:
    return [paper.id for paper in papers]  # type: ignore[attr-defined]


def test_papers_come_in_order_of_their_ids(catalogue: Catalogue) -> None:
    assert ids(catalogue.papers) == ids(catalogue) == ["alpha", "beta"]
    assert len(catalogue) == 2


def test_an_id_comes_before_the_longer_ones_that_begin_with_it(tree: Path, change) -> None:  # type: ignore[no-untyped-def]
    change("catalog/papers/beta.yaml", "id: beta", "id: alpha-two")
    (tree / "catalog/papers/beta.yaml").rename(tree / "catalog/papers/alpha-two.yaml")
    assert ids(load(tree)) == ids(load(tree).sort()) == ["alpha", "alpha-two"]


def test_a_paper_is_found_by_its_ids(catalogue: Catalogue) -> None:
    assert catalogue.paper("beta").title == "Reading Every Other Word"
    found = catalogue.by_arxiv("2301.01230")
    assert found is not None
    assert found.id == "alpha"
    assert catalogue.by_arxiv("1234.56789") is None


def test_an_unknown_paper_is_an_error_with_a_guess(catalogue: Catalogue) -> None:
    with pytest.raises(PrunariumError) as caught:
        catalogue.paper("alhpa")
    assert str(caught.value) == "there is no paper 'alhpa' (did you mean 'alpha'?); 'prunarium papers' lists all"


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({}, ["alpha", "beta"]),
        ({"modality": "vision"}, ["alpha"]),
        ({"modality": ["vision", "language"]}, ["alpha", "beta"]),
        ({"modality": ["vision", "language"], "year": 2022}, ["beta"]),
        ({"modality": "Vision", "year": [2022]}, []),
        ({"year": (2022, 2023)}, ["alpha", "beta"]),
        ({"year": 1999}, []),
        ({"venue": "ICXL"}, ["alpha"]),
        ({"venue": "ieee icxl"}, ["alpha"]),
        ({"venue": []}, ["alpha", "beta"]),
        ({"category": "Token pruning"}, ["alpha"]),
        ({"kind": "method", "training": "training-free"}, ["alpha"]),
        ({"training": "unknown"}, ["beta"]),
        ({"list": "pruning-list"}, ["alpha"]),
        ({"has_code": True}, ["alpha"]),
        ({"has_code": False}, ["beta"]),
        ({"runnable_ids": {"beta"}}, ["beta"]),
        ({"runnable_ids": set()}, []),
        ({"search": "PICTURE ñandú"}, ["alpha"]),
        ({"search": "alpha word"}, []),
        ({"search": "shorter once"}, ["beta"]),
        ({"search": "  "}, ["alpha", "beta"]),
    ],
)
def test_filter(catalogue: Catalogue, choice: dict[str, object], expected: list[str]) -> None:
    assert ids(catalogue.filter(**choice)) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("facet", ["modality", "venue", "category", "kind", "training", "list"])
def test_a_value_of_no_vocabulary_is_an_error(catalogue: Catalogue, facet: str) -> None:
    with pytest.raises(PrunariumError, match=f"^there is no {facet} 'zzz'; choose from "):
        catalogue.filter(**{facet: ["zzz"]})  # type: ignore[arg-type]


def test_a_misspelt_value_gets_a_guess(catalogue: Catalogue) -> None:
    with pytest.raises(PrunariumError) as caught:
        catalogue.filter(modality="visoin")
    expected = "there is no modality 'visoin' (did you mean 'vision'?); choose from language, vision"
    assert str(caught.value) == expected


def test_a_faulty_file_stops_loading_with_its_place(tree: Path, change) -> None:  # type: ignore[no-untyped-def]
    change("catalog/papers/beta.yaml", "year: 2022", "year: soon")
    with pytest.raises(PrunariumError) as caught:
        load(tree)
    assert str(caught.value) == "catalog/papers/beta.yaml:6: year: is 'soon'; write a whole number, without quotes"


def test_the_projects_own_catalogue() -> None:
    catalogue = load()
    assert len(catalogue) >= 78
    assert catalogue.paper("tome").name == "ToMe"
    tome = catalogue.by_arxiv("2210.09461")
    assert tome is not None
    assert tome.id == "tome"
    assert {paper.name for paper in catalogue if paper.id.startswith("ppt-")} == {"PPT"}
    screened = [name for name, paper_list in catalogue.lists.items() if paper_list.screened]
    assert len(catalogue.filter(list=screened)) >= 78


def test_loading_the_catalogue_loads_no_model_library() -> None:
    program = (
        "import sys, prunarium.catalog as c; c.load(); "
        "print([m for m in ('torch', 'timm', 'transformers', 'mkdocs', 'ruamel', 'markdown_it') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
