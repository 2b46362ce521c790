"""The text box looks words up in the whole text of the papers: titles, names, all authors, notes."""

import gzip
import random
import sys

import pytest

from prunarium import PrunariumError
from prunarium.catalog.facets import fold
from prunarium.site import build_site
from prunarium.site.full_text import write_index

from .filtering import SHOWN, in_sight, opened, words

FIRST_QUERY = 160_000


def look_up(page, text):
    """The papers that the page shows for a text, in its order."""
    words(page).fill("")
    page.wait_for_function("() => !location.search")
    words(page).fill(text)
    page.wait_for_function("() => location.search.includes('text=')")
    page.evaluate("async text => (await import('../assets/facets/full_text.js')).search(text)", text)
    page.wait_for_timeout(50)
    return page.evaluate(SHOWN)


def test_every_author_title_and_note_is_found(site, open_page):
    page = opened(open_page, site.url + "papers/")
    papers = random.Random(0).sample(list(site.content.catalogue), 8)
    for paper in papers:
        texts = [paper.title, *paper.other_titles[:1], *paper.authors[-1:], *paper.notes[:1]]
        for text in texts:
            assert paper.id in look_up(page, " ".join(text.split()[:6])), text


def test_words_of_several_fields_are_found_together(site, open_page):
    page = opened(open_page, site.url + "papers/")
    assert "tome" in look_up(page, "hoffman merging")
    assert not in_sight(site.content.catalogue.paper("tome"), "hoffman merging"), "not what the table itself shows"


def test_a_name_comes_first(site, open_page):
    page = opened(open_page, site.url + "papers/")
    named = [paper for paper in site.content.catalogue if paper.name]
    for paper in [site.content.catalogue.paper("tome"), *random.Random(0).sample(named, 10)]:
        first = site.content.catalogue.paper(look_up(page, paper.name)[0])
        assert fold(first.name) == fold(paper.name)
    assert page.get_by_role("button", name="Best match first").get_attribute("aria-pressed") == "true"


def test_accents_do_not_matter(site, open_page):
    page = opened(open_page, site.url + "papers/")
    accented = [(paper, name) for paper in site.content.catalogue for name in paper.authors if not name.isascii()]
    assert accented
    for paper, name in accented[:5]:
        assert paper.id in look_up(page, fold(name))
        assert paper.id in look_up(page, name.upper())


def test_other_forms_of_a_word_are_found_and_nonsense_is_not(site, open_page):
    page = opened(open_page, site.url + "papers/")
    assert {"tome", "tofu"} <= set(look_up(page, "merge tokens"))
    for nonsense in ("qqqqqq", "tome qqqqqq", "zzyzx vision", "☃"):
        assert look_up(page, nonsense) == []


def test_the_first_search_is_light(site, open_page):
    page = opened(open_page, site.url + "papers/")
    loaded = []
    page.on("response", lambda response: loaded.append(response))
    assert "tome" in look_up(page, "token merging")
    # Servers compress scripts and JSON; the files of the index are compressed already.
    sizes = {response.url: min(len(response.body()), len(gzip.compress(response.body()))) for response in loaded}
    assert any("/pagefind/" in url for url in sizes)
    assert sum(sizes.values()) < FIRST_QUERY, sizes


def test_without_an_index_the_page_says_so_and_looks_at_itself(odd_site, open_page):
    page = opened(open_page, odd_site.url + "papers/")
    words(page).fill("nothing like this")
    page.get_by_text("Without an index").wait_for()
    assert page.evaluate(SHOWN) == []
    words(page).fill("ODD WINDOW")
    page.wait_for_url("**text=ODD*")
    assert page.evaluate(SHOWN) == ["tome"]


def test_without_pagefind_the_site_is_built_and_says_so(small_tree, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pagefind", None)
    monkeypatch.setitem(sys.modules, "pagefind.service", None)
    counts = build_site(small_tree, tmp_path / "site")
    assert counts.without == "no full text search: pip install 'prunarium[site]' adds Pagefind, which makes the index"
    assert not (tmp_path / "site" / "pagefind").exists()


@pytest.mark.parametrize("program", ["/bin/false", "/nowhere/pagefind"])
def test_a_failing_index_is_one_line_and_no_site(small_tree, tmp_path, monkeypatch, program):
    monkeypatch.setenv("PAGEFIND_BINARY_PATH", program)
    with pytest.raises(PrunariumError, match="the full text was not indexed") as caught:
        build_site(small_tree, tmp_path / "site")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "site").exists()


def test_an_empty_catalogue_has_no_index(tmp_path):
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "papers.json").write_text('{"papers": []}')
    assert write_index(tmp_path) == ""
    assert not (tmp_path / "pagefind").exists()
