"""What the catalogue promises of its own records, beyond being valid one by one."""

from collections import Counter

import pytest

from prunarium.catalog import Catalogue, load
from prunarium.records import Paper

MENTIONS = {
    "awesome-transformer-pruning": 19,
    "awesome-token-reduction": 64,
    "aussie-ai-token-pruning": 315,
    "awesome-vision-token-pruning": 56,
}
NO_PAPERS = {"thesis": 4, "article": 4, "book": 1}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load()


def listed(catalogue: Catalogue) -> list[Paper]:
    """The papers that a list names; others may have been added since."""
    return [paper for paper in catalogue if paper.mentions]


def test_every_paper_of_the_four_lists_has_one_record(catalogue: Catalogue) -> None:
    papers = listed(catalogue)
    kinds = Counter(paper.kind for paper in papers)
    assert len(papers) == 286
    assert {kind: kinds[kind] for kind in NO_PAPERS} == NO_PAPERS
    assert Counter(mention.list for paper in papers for mention in paper.mentions) == MENTIONS
    assert all(paper_list.screened for paper_list in catalogue.lists.values())


def test_every_record_is_classified(catalogue: Catalogue) -> None:
    assert [paper.id for paper in catalogue if not (paper.categories and paper.modalities)] == []
    wrong = [paper.id for paper in catalogue if (paper.kind == "background") != (paper.categories == ["no-reduction"])]
    assert [paper_id for paper_id in wrong if catalogue.paper(paper_id).kind != "article"] == []


def test_every_term_has_two_examples_that_belong_to_it(catalogue: Catalogue) -> None:
    taxonomy = catalogue.taxonomy
    vocabularies = {
        "modality": taxonomy.modalities,
        "category": taxonomy.categories,
        "kind": taxonomy.kinds,
        "training": taxonomy.training,
    }
    faults = [
        f"{of} {term.id}: {term.examples}"
        for of, terms in vocabularies.items()
        for term in terms
        if len(term.examples) != min(2, sum(term.id in values(paper, of) for paper in catalogue))
        or any(term.id not in values(catalogue.paper(example), of) for example in term.examples)
    ]
    assert faults == []


def values(paper: Paper, of: str) -> list[str]:
    return {
        "modality": paper.modalities,
        "category": paper.categories,
        "kind": [paper.kind],
        "training": [paper.training],
    }[of]


def filled(paper: Paper) -> list[str]:
    """What somebody else states, as far as the record has it; classification is ours."""
    fields = [field for field in ("title", "authors", "venue") if getattr(paper, field)]
    fields += [f"identifiers.{name}" for name, value in paper.identifiers if value]
    return fields + (["links.code"] if paper.links.code else [])


def test_what_is_filled_says_where_it_was_read(catalogue: Catalogue) -> None:
    unsourced = [(paper.id, field) for paper in catalogue for field in filled(paper) if field not in paper.sources]
    assert unsourced == []


def test_every_venue_is_used_and_named_once(catalogue: Catalogue) -> None:
    used = {paper.venue.id for paper in catalogue if paper.venue}
    assert set(catalogue.venues) == used
    names = Counter(
        name.casefold()
        for venue in catalogue.venues.values()
        for name in {venue.name.casefold(), venue.full_name.casefold(), *map(str.casefold, venue.aliases)}
    )
    assert [name for name, count in names.items() if count > 1] == []
