"""The papers page without a mouse, and what a screen reader is told."""

import pytest

from .filtering import SHOWN, box, check, opened, words

ACTIVE = """() => { const e = document.activeElement; return e.ariaLabel || e.value || e.textContent.trim(); }"""
HEARD = """() => {
  const status = document.getElementById('pr-status');
  window.heard = [];
  new MutationObserver(() => heard.push(status.textContent)).observe(status, { childList: true, subtree: true });
}"""


def tab_to(page, wanted, key="Tab"):
    """Press a key until what has the focus is called so."""
    for _ in range(150):
        page.keyboard.press(key)
        if page.evaluate(ACTIVE) == wanted:
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", f"{wanted}: the focus is not seen"
            return
    pytest.fail(f"{wanted} is not reached with {key}")


def test_the_keyboard_is_enough(site, open_page):
    page = opened(open_page, site.url + "papers/")
    words(page).focus()
    tab_to(page, "vision")
    page.keyboard.press("Space")
    check(page, site.content, {"modality": ["vision"]})
    assert page.evaluate(ACTIVE) == "vision", "the focus stays where it was"
    tab_to(page, "yes")
    page.keyboard.press("Space")
    check(page, site.content, {"modality": ["vision"], "code": ["yes"]})
    rest = page.locator("#pr-filter .pr-rest").first
    rest.locator("summary").focus()
    page.keyboard.press("Enter")
    assert rest.get_attribute("open") is not None
    tab_to(page, "Remove modality: Vision")
    page.keyboard.press("Enter")
    check(page, site.content, {"code": ["yes"]})
    assert page.evaluate(ACTIVE) == "Remove availability: Has code", "the next chip has the focus"
    page.keyboard.press("Enter")
    check(page, site.content, {})
    assert page.evaluate("document.activeElement.id") == "pr-shown", "no chip is left"
    tab_to(page, "Export as BibTeX")
    tab_to(page, "Paper")
    page.keyboard.press("Enter")
    assert page.get_by_role("columnheader", name="Paper").get_attribute("aria-sort") == "ascending"
    assert page.evaluate(ACTIVE) == "Paper"
    page.keyboard.press("Space")
    assert page.get_by_role("columnheader", name="Paper").get_attribute("aria-sort") == "descending"
    titles = [site.content.catalogue.paper(one) for one in page.evaluate(SHOWN)]
    assert titles[0].title[0].lower() > titles[-1].title[0].lower()


def test_clear_all_by_keyboard(site, open_page):
    page = opened(open_page, site.url + "papers/?modality=vision&text=token")
    words(page).focus()
    tab_to(page, "Clear all")
    page.keyboard.press("Enter")
    check(page, site.content, {})
    assert page.url == site.url + "papers/"


def test_the_result_is_spoken_once(site, open_page):
    page = opened(open_page, site.url + "papers/")
    assert page.get_by_role("status").count() == 1
    page.wait_for_timeout(600)
    page.evaluate(HEARD)
    words(page).press_sequentially("token", delay=30)
    box(page, "modality", "vision").check()
    assert page.evaluate("heard") == [], "not on every key"
    page.wait_for_function("heard.length")
    assert page.evaluate("heard") == [page.locator("#pr-shown").inner_text()]


def test_every_control_has_a_name_and_a_size(site, open_page):
    for name in ("papers/?modality=vision&text=token&venue=cvpr", "methods/?training=free&text=token"):
        for width in (1280, 320):
            page = opened(open_page, site.url + name, viewport={"width": width, "height": 800})
            fold = page.locator(".pr-fold")
            assert fold.is_visible() == (width == 320)
            if width == 320:
                fold.focus()
                page.keyboard.press("Enter")
                assert fold.get_attribute("aria-expanded") == "true"
            assert box(page, *(("modality", "vision") if "papers" in name else ("training", "free"))).is_visible()
            small = page.evaluate(
                """[...document.querySelectorAll('.pr-catalogue :is(button, label:has([type=checkbox]), summary)')]
                  .filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 24).map(e => e.outerHTML)"""
            )
            assert small == []
