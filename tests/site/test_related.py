"""Which papers a page names beside its own, and why."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prunarium.records import Identifiers, Paper, ReportedScore, VenueReference
from prunarium.site import related as module
from prunarium.site.content import Method
from prunarium.site.lineage import lineage
from prunarium.site.parameters import Parameters
from prunarium.site.related import SHOWN, related

from .conftest import reported_score

NAMES = {"merging": "Token merging", "pruning": "Token pruning", "vision": "Vision", "iclr": "ICLR"}


def paper(number, **fields):
    given = {"title": f"Paper {number}", "year": 2023, "kind": "method", "categories": ["merging"]}
    return Paper(id=f"p{number}", **{**given, **fields})


@st.composite
def catalogues(draw):
    some = st.lists(st.sampled_from(["a", "b", "c"]), max_size=3, unique=True)
    fields = st.fixed_dictionaries(
        {
            "year": st.integers(2015, 2026),
            "categories": some,
            "modalities": some,
            "authors": st.lists(st.sampled_from(["Ada", "Bo", "Cy"]), max_size=3, unique=True),
            "venue": st.none() | st.just(VenueReference(id="iclr", year=2023, status="published")),
            "withdrawn": st.booleans(),
        }
    )
    return [paper(number, **one) for number, one in enumerate(draw(st.lists(fields, max_size=30)))]


@given(catalogues(), st.randoms())
def test_laws(papers, chance):
    found = related(papers, NAMES, {})
    assert found.keys() == {one.id for one in papers}
    for one in papers:
        others = [other.paper for other in found[one.id]]
        assert len(others) == len({other.id for other in others}) <= SHOWN
        assert one not in others
        for other, said in zip(others, found[one.id], strict=True):
            assert not other.withdrawn
            shared = {*one.categories} & {*other.categories}
            assert shared or len({*one.authors} & {*other.authors}) > 1
            assert any(reason.startswith("category: ") for reason in said.reasons) == bool(shared)
            assert any(reason == "venue: ICLR" for reason in said.reasons) == bool(one.venue and other.venue)
    mixed = list(papers)
    chance.shuffle(mixed)
    assert related(mixed, NAMES, {}) == found


def test_the_closest_comes_first_with_its_reasons():
    vision, iclr = ["vision"], VenueReference(id="iclr", year=2023, status="published")
    papers = [
        paper(0, authors=["Zoë Ada", "Bo", "Cy", "Di"], modalities=vision, venue=iclr),
        paper(1, year=2024),
        paper(2, modalities=vision, venue=iclr),
        paper(3, authors=["Zoe Ada", "Bo", "Cy"], categories=["pruning"]),
        paper(4, categories=["pruning"], modalities=vision, venue=iclr),
        paper(5, categories=["no-reduction"]),
    ]
    found = related(papers, NAMES, {"p0": {"p4": ["prints scores of this method"]}})["p0"]
    assert [(one.paper.id, one.reasons) for one in found] == [
        ("p4", ("prints scores of this method", "modality: Vision", "venue: ICLR")),
        ("p3", ("shared authors: Zoe Ada, Bo and 1 more",)),
        ("p2", ("category: Token merging", "modality: Vision", "venue: ICLR")),
        ("p1", ("category: Token merging",)),
    ]


def test_what_is_no_relation():
    background = [paper(number, categories=["no-reduction"]) for number in range(3)]
    arxiv = VenueReference(id="iclr", year=2023, status="preprint")
    preprints = [paper(number, categories=[], venue=arxiv) for number in range(3, 6)]
    copy = paper(6, duplicate_of="p7")
    found = related([*background, *preprints, copy, paper(7)], NAMES, {})
    assert {one: others for one, others in found.items() if others} == {
        "p6": (module.Related(paper(7), ("category: Token merging",)),)
    }


def test_the_work_grows_with_the_catalogue_not_with_its_square(monkeypatch):
    compared = []
    rank = module._rank
    monkeypatch.setattr(module, "_rank", lambda *pair: compared.append(pair) or rank(*pair))

    def comparisons(number):
        chance = random.Random(number)
        compared.clear()
        related([paper(one, year=chance.randint(1990, 2026)) for one in range(number)], NAMES, {})
        return len(compared) / number

    assert comparisons(1200) < 1.1 * comparisons(300)


@pytest.fixture
def methods(everything):
    """Methods of two papers, of which one prints scores of the other."""
    cards = {method.id: method.card for method in everything.methods}
    row = ReportedScore(**{**reported_score().model_dump(), "source": "https://arxiv.org/pdf/2405.16148v1"})
    one = Method(cards["tome"], Parameters(()), reported=(row,), blocks=("Tokens", "matching", "rare"))
    other = Method(cards["pitome"], Parameters(()), blocks=("Tokens", "matching", "rare"))
    return {"tome": [one], "pitome": [other]}


def test_lineage_names_tables_and_blocks(methods):
    papers = [
        paper(0).model_copy(update={"id": "tome", "identifiers": Identifiers(arxiv="2210.09461")}),
        paper(1).model_copy(update={"id": "pitome", "identifiers": Identifiers(arxiv="2405.16148")}),
    ]
    blocks = "built on the same blocks: matching, rare"
    assert lineage(methods, papers) == {
        "tome": {"pitome": ["prints scores of this method", blocks]},
        "pitome": {"tome": ["its scores are printed in this paper", blocks]},
    }


def test_a_block_of_many_is_no_lineage(methods):
    many = {f"paper-{number}": methods["tome"] for number in range(5)}
    assert lineage(many, []) == {}


def test_the_blocks_of_methods_are_read(everything):
    blocks = {method.id: method.blocks for method in everything.methods}
    assert "bipartite_soft_matching" in blocks["tome"]
    assert blocks["identity"] == ("Tokens",)
