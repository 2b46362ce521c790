"""The page of a paper: everything that is known of it, to read, to cite and to run."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from prunarium.catalog.exporting import bibtex
from prunarium.records import Links as PaperLinks
from prunarium.site.pages import paper as paper_page
from prunarium.site.pages.paper import differences

from .test_built_site import Links

CLIPBOARD = ["clipboard-read", "clipboard-write"]
SHOWN = """() => [...document.querySelectorAll('#pr-papers tbody tr, .pr-papers tbody tr')]
  .filter((row) => row.checkVisibility()).map((row) => row.querySelector('a').getAttribute('href').slice(0, -1))"""
COPY = ".pr-bibtex .md-code__button"


def text_of(site, paper):
    return " ".join(Links((site.folder / "papers" / paper / "index.html").read_text("utf-8")).text.split())


def only(everything, paper):
    """The page of one paper in a catalogue of its own."""
    alone = replace(everything, catalogue=replace(everything.catalogue, papers_by_id={paper.id: paper}))
    return Links(paper_page.pages(alone)[f"papers/{paper.id}/index.md"].decode())


@pytest.fixture
def copied(site, open_page):
    """Opens a paper, does something, and says what is in the clipboard."""

    def copied(paper, act):
        page = open_page(f"{site.url}papers/{paper}/", permissions=CLIPBOARD)
        page.locator(COPY).wait_for()
        act(page)
        page.wait_for_function("async () => await navigator.clipboard.readText()")
        return page.evaluate("navigator.clipboard.readText()")

    return copied


def focus(page, selector):
    """Go on by the Tab key until the element has the focus."""
    for _ in range(100):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} is not reached")


def test_every_link_and_value_of_the_record_is_there(site):
    catalogue = site.content.catalogue
    for paper in catalogue:
        found = Links((site.folder / "papers" / paper.id / "index.html").read_text("utf-8"))
        urls = [*paper.identifiers.addresses.values(), *paper.links.paper, *paper.links.pdf, *paper.links.project]
        urls += [*paper.links.other, *(link.url for link in paper.links.code)]
        urls += [url for mention in paper.mentions for url in mention.links]
        assert set(urls) <= set(found.links), paper.id
        pieces = [*paper.authors, *paper.notes, *paper.other_titles, *paper.sources, f"prunarium cite {paper.id}"]
        pieces += [mention.title for mention in paper.mentions]
        pieces += [catalogue.lists[mention.list].title for mention in paper.mentions]
        pieces += [catalogue.names[one] for one in (*paper.categories, *paper.modalities, paper.kind, paper.training)]
        pieces += [paper.venue.status, catalogue.venue_name(paper)] if paper.venue else ["nobody states one"]
        assert [piece for piece in pieces if piece not in found.text] == [], paper.id


def test_an_author_leads_to_the_papers_with_that_name(site):
    found = Links((site.folder / "papers" / "tome" / "index.html").read_text("utf-8"))
    asked = [parse_qs(urlsplit(link).query).get("text") for link in found.links if "papers/?text=" in link]
    assert asked == [[author] for author in site.content.catalogue.paper("tome").authors]


def test_the_link_of_an_author_finds_all_of_their_papers(site, open_page):
    expected = {paper.id for paper in site.content.catalogue if "Daniel Bolya" in paper.authors}
    assert len(expected) > 1
    page = open_page(f"{site.url}papers/tome/")
    page.get_by_role("link", name="Daniel Bolya").first.click()
    page.wait_for_function(f"({SHOWN})().length === {len(expected)}")
    assert set(page.evaluate(SHOWN)) == expected


def test_its_method_with_command_and_scores(site):
    (method,) = site.content.methods_of_papers["evit"]
    text = text_of(site, "evit")
    score = next(score for score in method.runs if score.quality)
    assert "prunarium run evit" in text
    assert f"{score.cost.budget:.2f}" in text
    assert f"{100 * score.quality.method:.1f} % accuracy" in text
    assert f"{score.speed[0].ratio.median:.2f}× at batch {score.speed[0].batch_size}" in text
    assert "all scores of EViT" in text


def test_a_method_without_scores_says_so(everything):
    paper = everything.catalogue.paper("tome")
    silent = tuple(replace(method, measured=()) for method in everything.methods if method.id == "tome")
    assert "Nothing measured yet." in only(replace(everything, methods=silent), paper).text
    assert "Run it" not in only(replace(everything, methods=()), paper).text


def test_related_papers_are_named_with_reasons(site):
    text = text_of(site, "tome")
    assert "Related papers" in text
    assert "Token Merging for Fast Stable Diffusion 2023 shared authors: Daniel Bolya, Judy Hoffman" in text


def test_a_bare_record_is_shown_without_empty_parts(everything):
    paper = everything.catalogue.paper("tome").model_copy(
        update={"authors": [], "venue": None, "mentions": [], "sources": {}, "notes": [], "links": PaperLinks()}
    )
    found = only(replace(everything, methods=()), paper)
    assert "nobody states one" in found.text
    assert not {"notes", "mentions", "sources", "related", "run-it"} & found.ids
    assert {"bibtex", "record"} <= found.ids


def test_a_withdrawn_paper_and_a_successor_are_said(everything):
    tome = everything.catalogue.paper("tome")
    gone = tome.model_copy(update={"withdrawn": True, "superseded_by": "evit", "duplicate_of": "pitome"})
    text = " ".join(only(everything, gone).text.split())
    assert "This paper has been withdrawn." in text
    assert "Superseded by evit." in text
    assert "The same paper as pitome." in text


def test_where_a_list_says_otherwise(everything):
    paper = everything.catalogue.paper("tome")

    def said(paper=paper, **changes):
        mention = paper.mentions[0].model_copy(update=changes)
        return differences(paper, mention, everything.catalogue)

    assert said() == []
    assert said(title="TOKEN merging; your ViT, but faster", year=None, venue=None) == []
    assert said(title="Another", venue="CVPR", year=2022) == ["title", "venue", "year"]
    assert said(venue="arXiv preprint") == said(venue="a place that nobody knows") == []
    assert said(paper.model_copy(update={"other_titles": ["Another"]}), title="Another") == []
    assert said(paper.model_copy(update={"venue": None})) == ["venue"]


@pytest.mark.parametrize("paper", ["tome", "llmlingua"])
def test_the_copy_button_copies_the_very_text(site, copied, paper):
    expected = bibtex.text([site.content.catalogue.paper(paper)], site.content.catalogue)
    assert copied(paper, lambda page: page.locator(COPY).click()) == expected.strip()


def test_the_copy_button_works_by_keyboard(site, copied):
    def act(page):
        focus(page, COPY)
        page.keyboard.press("Enter")

    expected = bibtex.text([site.content.catalogue.paper("tome")], site.content.catalogue)
    assert copied("tome", act) == expected.strip()


@pytest.mark.parametrize("width", [320, 768])
def test_nothing_stands_out_sideways(odd_site, open_page, width):
    page = open_page(f"{odd_site.url}papers/tome/", viewport={"width": width, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") == width
