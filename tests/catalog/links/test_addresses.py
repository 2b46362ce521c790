"""Which addresses a catalogue holds, and where."""

from pathlib import Path

import pytest

from prunarium import paths
from prunarium.catalog import load
from prunarium.catalog.links import addresses
from prunarium.errors import PrunariumError
from tests.catalog.links.conftest import write_paper

ALPHA = "catalog/papers/alpha.yaml"


def held(tree: Path, *paper_ids: str) -> dict[str, list[str]]:
    return {url: [str(use) for use in uses] for url, uses in addresses(load(tree), tree, paper_ids).items()}


def test_identifiers_and_links_of_a_record(tree: Path) -> None:
    assert held(tree) == {
        "https://arxiv.org/abs/2301.01230": [f"{ALPHA}:20: identifiers.arxiv"],
        "https://doi.org/10.1234/alpha": [f"{ALPHA}:21: identifiers.doi"],
        "https://github.com/example/alpha": [f"{ALPHA}:24: links.code[0].url"],
    }


def test_mentions_sources_venues_and_lists_hold_addresses_too(tree: Path, change) -> None:
    change(ALPHA, "    year: 2023\n", "    year: 2023\n    links:\n      - https://a.example/x#top\n")
    with (tree / ALPHA).open("a", encoding="utf-8") as file:
        file.write("sources:\n  title: https://a.example/x\n  year: https://b.example/ (as the list says)\n")
    change("catalog/venues.yaml", "kind: conference\n", "kind: conference\n    url: https://icxl.example/\n")
    change("catalog/lists.yaml", "screened: true\n", "screened: true\n    url: https://list.example/\n")
    found = held(tree)
    assert found["https://a.example/x"] == [f"{ALPHA}:34: mentions[0].links[0]", f"{ALPHA}:36: sources.title"]
    assert found["https://icxl.example/"] == ["catalog/venues.yaml:11: venues[1].url"]
    assert found["https://list.example/"] == ["catalog/lists.yaml:7: lists[0].url"]
    assert len(found) == 6  # a sentence that begins with an address is none


def test_one_address_of_several_records_is_one(tree: Path) -> None:
    write_paper(tree, "gamma", ["https://shared.example/", "https://shared.example/#part"])
    write_paper(tree, "delta", ["https://shared.example/"])
    assert [use.partition(":")[0] for use in held(tree)["https://shared.example/"]] == [
        "catalog/papers/delta.yaml",
        "catalog/papers/gamma.yaml",
        "catalog/papers/gamma.yaml",
    ]


def test_only_some_papers(tree: Path) -> None:
    write_paper(tree, "gamma", ["https://gamma.example/"])
    assert list(held(tree, "gamma")) == ["https://gamma.example/"]
    assert len(held(tree, "gamma", "alpha")) == 4
    assert held(tree, "beta") == {}
    with pytest.raises(PrunariumError, match=r"there is no paper 'gama' \(did you mean 'gamma'\?\)"):
        held(tree, "gama")


def test_every_best_page_of_the_projects_catalogue_is_among_them() -> None:
    catalogue = load()
    found = addresses(catalogue, paths.root())
    assert {paper.url.partition("#")[0] for paper in catalogue.papers if paper.url} <= set(found)
    assert all(use.line > 1 for uses in found.values() for use in uses)
