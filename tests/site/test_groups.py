"""The pages of venues, terms, lists and years: one for each, complete, and true to the records."""

import re
from dataclasses import replace

import pytest

from prunarium.site import pages
from prunarium.site.groups import FOLDERS, groups
from prunarium.site.pages.lists import listed, sections

from .conftest import ODD_TITLE


@pytest.fixture(scope="module")
def made(everything):
    """Every page of this tree."""
    return pages.pages(everything)


def has(paper, facet, value):
    """Whether a paper belongs to a group, said once more and in another way."""
    return {
        "venue": lambda: paper.venue is not None and paper.venue.id == value,
        "category": lambda: value in paper.categories,
        "modality": lambda: value in paper.modalities,
        "kind": lambda: paper.kind == value,
        "training": lambda: paper.training == value,
        "list": lambda: any(mention.list == value for mention in paper.mentions),
        "year": lambda: str(paper.year) == value,
    }[facet]()


@pytest.mark.parametrize("facet", FOLDERS)
def test_a_group_holds_the_papers_that_have_its_value(everything, facet):
    made = groups(everything, facet)
    assert made
    for group in made:
        wanted = {paper.id for paper in everything.catalogue if has(paper, facet, group.id)}
        assert {paper.id for paper in group.papers} == wanted
        assert sum(group.years.values()) == len(wanted) == len(group.papers)


def test_there_is_one_page_for_each_group_and_an_index_for_each_sort(everything, made):
    catalogue = everything.catalogue
    ids = {
        "venues": set(catalogue.venues),
        "lists": set(catalogue.lists),
        "years": {str(paper.year) for paper in catalogue},
        **{name: {term.id for term in terms} for name, terms in catalogue.taxonomy},
    }
    assert set(ids) == set(FOLDERS.values())
    for folder, wanted in ids.items():
        here = {path for path in made if path.startswith(f"{folder}/")}
        assert here == {f"{folder}/index.md"} | {f"{folder}/{one}/index.md" for one in wanted}


@pytest.mark.parametrize("facet", FOLDERS)
def test_a_page_links_every_paper_once_and_the_filtered_table(everything, made, facet):
    for group in groups(everything, facet):
        text = made[f"{group.page}index.md"].decode()
        listing = text[text.index('id="papers"') :]
        links = re.findall(r'<a href="../../papers/([a-z0-9-]+)/">', listing)
        assert set(links) == {paper.id for paper in group.papers}
        assert facet == "list" or len(links) == len(group.papers)
        assert (f'href="../../papers/?{facet}={group.id}"' in text) == bool(group.papers)


def test_a_list_shows_every_mention_with_its_title_in_the_order_of_the_list(everything):
    for row in listed(everything):
        found = [pair for section in sections(row) for pair in section.mentions]
        wanted = [
            (paper.id, mention)
            for paper in everything.catalogue
            for mention in paper.mentions
            if mention.list == row.group.id
        ]
        assert sorted((mention.line, paper.id) for paper, mention in found) == sorted(
            (mention.line, paper_id) for paper_id, mention in wanted
        )
        for section in sections(row):
            lines = [mention.line for _, mention in section.mentions]
            assert lines == sorted(lines)


def test_a_term_shows_its_definition_its_rule_and_what_runs(everything, made):
    text = made["categories/token-merging/index.md"].decode()
    term = next(term for term in everything.catalogue.taxonomy.categories if term.id == "token-merging")
    assert term.definition in text and term.rule in text
    assert "prunarium run tome" in text


def test_without_papers_every_page_says_so(everything):
    nothing = replace(everything, catalogue=replace(everything.catalogue, papers_by_id={}), methods=())
    made = pages.pages(nothing)
    for path, words in {
        "venues/iclr/index.md": "No paper of the catalogue appeared here yet.",
        "categories/token-merging/index.md": "No paper of the catalogue belongs here yet.",
        "lists/awesome-token-reduction/index.md": "No paper of the catalogue is on this list yet.",
        "years/index.md": "The catalogue holds no papers yet.",
        "timeline/index.md": "The catalogue holds no papers yet.",
        "coverage/index.md": "The catalogue holds no papers yet.",
    }.items():
        assert words in made[path].decode(), path
        assert "<svg" not in made[path].decode()
    assert not any(path.startswith("years/2") for path in made)


def test_hostile_names_are_text(odd):
    venue = odd.catalogue.venues["iclr"].model_copy(update={"name": ODD_TITLE, "full_name": ODD_TITLE})
    lists = {name: one.model_copy(update={"title": ODD_TITLE}) for name, one in odd.catalogue.lists.items()}
    term = odd.catalogue.taxonomy.categories[1].model_copy(update={"name": ODD_TITLE, "definition": ODD_TITLE})
    taxonomy = odd.catalogue.taxonomy.model_copy(update={"categories": [term]})
    hostile = replace(odd.catalogue, venues={"iclr": venue}, lists=lists, taxonomy=taxonomy)
    for path, page in pages.pages(replace(odd, catalogue=hostile)).items():
        if path.split("/")[0] in (*FOLDERS.values(), "timeline", "coverage"):
            assert b"<script>window.odd" not in page, path
            assert b"</script>" not in page, path
