"""The papers page in a real browser, against counts made in Python from the records."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from .filtering import box, check, opened, words

CUT = """[...document.querySelectorAll('.pr-page :is(p, h1, h2, a, dd, th, td, label)')]
  .filter(e => e.checkVisibility() && !e.closest('pre, caption, thead') && e.getBoundingClientRect().right > 321)
  .map(e => e.outerHTML.slice(0, 80))"""


def test_choices_and_words_narrow_the_table(site, open_page):
    page = opened(open_page, site.url + "papers/")
    check(page, site.content, {})
    box(page, "modality", "vision").check()
    check(page, site.content, {"modality": ["vision"]})
    box(page, "modality", "language").check()
    box(page, "code", "yes").check()
    chosen = {"modality": ["vision", "language"], "code": ["yes"]}
    check(page, site.content, chosen)
    words(page).fill("Token MERGING")
    page.wait_for_url("**text=Token*")
    check(page, site.content, chosen, "token merging")
    page.get_by_role("button", name="Clear all").click()
    check(page, site.content, {})
    assert page.url == site.url + "papers/"


def test_the_address_is_the_state(site, open_page):
    page = opened(open_page, site.url + "papers/")
    box(page, "year", "2023").check()
    box(page, "modality", "vision").check()
    words(page).fill("pruning")
    page.wait_for_url("**text=pruning*")
    assert parse_qsl(urlsplit(page.url).query) == [("modality", "vision"), ("text", "pruning"), ("year", "2023")]
    chosen = {"modality": ["vision"], "year": ["2023"]}
    again = opened(open_page, page.url)
    check(again, site.content, chosen, "pruning")
    assert box(again, "year", "2023").is_checked()
    assert words(again).input_value() == "pruning"


def test_back_and_forward_restore_the_choice(site, open_page):
    page = opened(open_page, site.url + "papers/")
    box(page, "modality", "vision").check()
    box(page, "code", "yes").check()
    page.go_back()
    check(page, site.content, {"modality": ["vision"]})
    page.go_back()
    check(page, site.content, {})
    page.go_forward()
    check(page, site.content, {"modality": ["vision"]})
    page.locator("#pr-table tbody tr:not([hidden]) a").first.click()
    page.wait_for_url("**/papers/*/")
    page.go_back()
    check(page, site.content, {"modality": ["vision"]})


def test_an_unknown_value_is_named_and_left_out(site, open_page):
    page = opened(open_page, site.url + "papers/?venue=nowhere&modality=vision&h=word")
    check(page, site.content, {"modality": ["vision"]})
    assert "venue=nowhere" in page.locator("#pr-notice").inner_text()
    assert "word" not in page.locator("#pr-notice").inner_text()


def test_no_result_says_so(site, open_page):
    page = opened(open_page, site.url + "papers/?text=qqqqqq")
    check(page, site.content, {}, "qqqqqq")
    assert page.get_by_text("No paper fits all of these choices").is_visible()


def test_from_a_paper_to_the_command_that_runs_it(site, open_page):
    page = opened(open_page, site.url + "papers/?runnable=yes")
    page.locator("#pr-table a[href='tome/']").click()
    assert page.get_by_role("heading", level=1).inner_text() == site.content.catalogue.paper("tome").title
    page.get_by_role("link", name="Run ToMe").click()
    page.wait_for_url("**/methods/tome/")
    assert page.locator("code", has_text="prunarium run tome").first.is_visible()
    assert page.locator("th", has_text="r").first.is_visible()


def test_without_javascript_everything_is_there(site, open_page):
    page = open_page(site.url + "papers/", java_script_enabled=False)
    rows = page.locator("#pr-table tbody tr")
    assert rows.count() == len(site.content.catalogue)
    assert rows.first.is_visible() and rows.last.is_visible()
    assert not page.locator("#pr-filter").is_visible(), "a filter that cannot work is not offered"
    page.locator("#pr-table a[href='tome/']").click()
    assert page.url == site.url + "papers/tome/"
    page.get_by_role("link", name="Run ToMe").click()
    assert page.url == site.url + "methods/tome/"


@pytest.mark.parametrize("name", ["", "papers/", "papers/tome/", "methods/", "methods/tome/", "benchmarks/"])
def test_a_narrow_screen_never_scrolls_sideways(site, odd_site, open_page, name):
    for built in (site, odd_site):
        page = open_page(built.url + name, viewport={"width": 320, "height": 640})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        assert not page.evaluate(CUT)


def test_hostile_text_runs_nothing(odd_site, open_page):
    for name in ("papers/", "papers/tome/", "methods/", "methods/tome/"):
        page = open_page(odd_site.url + name)
        assert page.evaluate("window.odd") is None
        assert "</script>" in page.locator(".pr-page").inner_text()


def test_the_search_finds_a_paper(site, open_page):
    page = open_page(site.url)
    page.get_by_role("textbox", name="Search").click()
    page.get_by_role("textbox", name="Search").press_sequentially("token merging your vit")
    page.locator(".md-search-result__link[href*='papers/tome/']").first.wait_for()
