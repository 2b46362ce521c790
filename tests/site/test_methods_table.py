"""The table of methods has the filters of the papers page, and is complete without them."""

import pytest

from prunarium.site.snippets import one_line

from .filtering import COUNTS, SHOWN, box, opened, summary, words


def facets_of(content, method):
    """What a method has of every facet, straight from its card."""
    card = method.card
    paper = content.catalogue.papers_by_id.get(card.paper or "")
    licence = card.official.licence.split(" (")[0] if card.official else "no-code"
    return {
        *(f"family={family}" for family in card.families),
        *(f"category={category}" for category in (paper.categories if paper else ())),
        f"training={'free' if card.training_free else 'needed'}",
        f"parity={card.parity}",
        f"licence={licence}",
        *(["measured=yes"] if method.runs else []),
        *(["guided=yes"] if card.text_guided else []),
    }


@pytest.fixture
def page(site, open_page):
    return opened(open_page, site.url + "methods/")


def test_every_facet_counts_the_methods(site, page):
    of = {method.id: facets_of(site.content, method) for method in site.content.methods}
    values = {value for has in of.values() for value in has}
    assert page.evaluate(COUNTS) == {value: sum(value in has for has in of.values()) for value in values}
    for value in sorted(values):
        facet, name = value.split("=")
        box(page, facet, name).evaluate("box => box.click()")
        assert set(page.evaluate(SHOWN)) == {method for method, has in of.items() if value in has}
        box(page, facet, name).evaluate("box => box.click()")


def test_words_are_looked_up_in_every_column(site, page):
    words(page).fill("bipartite")
    page.wait_for_url("**text=bipartite")
    expected = {method.id for method in site.content.methods if "bipartite" in method.card.summary.lower()}
    assert expected <= set(page.evaluate(SHOWN)) != {method.id for method in site.content.methods}
    words(page).fill("ToMe")
    page.wait_for_url("**text=ToMe")
    assert page.evaluate(SHOWN)[0] == "tome"
    assert not page.locator("#pr-notice").is_visible(), "these words need no index"


def test_the_most_measured_come_first(site, page):
    page.get_by_role("button", name="Measured").click()
    runs = {method.id: len(method.runs) for method in site.content.methods}
    shown = [runs[method] for method in page.evaluate(SHOWN)]
    assert shown == sorted(runs.values(), reverse=True)
    assert page.get_by_role("columnheader", name="Measured").get_attribute("aria-sort") == "descending"
    assert page.url.endswith("?sort=-measured")
    page.get_by_role("button", name="Measured").click()
    assert page.url.endswith("?sort=measured")
    page.go_back()
    page.go_back()
    assert page.locator("#pr-shown").inner_text() == summary(len(runs), len(runs), "methods")


def test_without_javascript_every_method_and_its_command_is_there(site, open_page):
    page = open_page(site.url + "methods/", java_script_enabled=False)
    assert page.locator("#pr-table tbody tr").count() == len(site.content.methods)
    assert page.locator("#pr-table tbody tr").last.is_visible()
    assert not page.locator("#pr-filter").is_visible()
    for method in site.content.methods:
        assert page.get_by_text(one_line(method), exact=True).count() == 1
