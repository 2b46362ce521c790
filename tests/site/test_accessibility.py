"""Every type of page for readers who see little, use no mouse, or both: axe-core, and the Tab key in a real browser."""

import os

import pytest

MAIN = (
    "",
    "papers/",
    "papers/llmlingua/",
    "methods/",
    "methods/tome/",
    "benchmarks/",
    "benchmarks/cluttered-digits/",
    "venues/",
    "categories/token-merging/",
    "lists/aussie-ai-token-pruning/",
    "timeline/",
    "coverage/",
    "guide/measuring/",
    "reference/commands/",
)
RULES = {"target-size": {"enabled": True}}  # of WCAG 2.2, which axe leaves out unless asked
REPEATED = {"exclude": [["tbody tr:nth-child(n+13)"]]}  # the rows of a long table are all made alike
COLOURS = ["color-contrast", "link-in-text-block"]
# Rows are laid out when they come into sight: what axe reads of the others is an estimate.
LAID_OUT = "* { content-visibility: visible !important; transition: none !important; }"
REACHABLE = """() => [...document.querySelectorAll('a[href], button, summary, input:not([type=hidden]), select')]
  .filter((e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    && !e.closest('.md-search, .md-sidebar, .md-option, [hidden], .md-top')
    && !e.matches('.md-toggle, .md-option, .md-skip, .headerlink, [tabindex="-1"], :disabled'))
  .map((e) => (e.dataset.place ||= String(Math.random())))"""
FOCUS = """() => {
  const e = document.activeElement, label = e.matches('.md-option') ? e.nextElementSibling : e;
  const style = getComputedStyle(label), box = label.getBoundingClientRect();
  return {
    place: e.dataset.place, tag: e.tagName, what: e.outerHTML.slice(0, 120),
    seen: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1,
    inSight: box.right > 0 && box.left < innerWidth && box.bottom > 0 && box.top < innerHeight,
  };
}"""


@pytest.fixture(scope="session")
def page_types(site):
    """One page of each type, by what its address begins with, among those that were built."""
    names = {file.parent.relative_to(site.folder).as_posix() + "/" for file in site.folder.rglob("index.html")}
    names = {name.removeprefix("./") for name in names} - set(MAIN)
    known = {kind(name) for name in MAIN}
    others = {kind(name): name for name in sorted(names, reverse=True) if kind(name) not in known}
    return MAIN, tuple(sorted(others.values()))


def kind(name):
    """``papers/tome/`` and ``papers/evit/`` are of one type, ``papers/`` is of another."""
    return name.split("/")[0], name.count("/")


@pytest.fixture(scope="session")
def axe():
    """What axe-core finds on a page: rule, element and reason of each violation."""
    try:
        from axe_playwright_python.sync_playwright import Axe
    except ImportError:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(
            "no axe-core: pip install axe-playwright-python"
        )
    program = Axe()

    def violations(page, **options):
        page.add_style_tag(content=LAID_OUT)
        options = {"resultTypes": ["violations"], "rules": RULES, **options}
        found = program.run(page, context=REPEATED, options=options).response
        return [
            f"{one['id']}: {node['html'][:120]} {(node['any'] or node['all'] or node['none'])[0]['message'][:160]}"
            for one in found["violations"]
            for node in one["nodes"][:3]
        ]

    return violations


@pytest.fixture
def faults(site, open_page, axe):
    """What axe finds on each page, light and dark."""

    def faults(names):
        found = {}
        page = open_page(site.url, color_scheme="light", viewport={"width": 1280, "height": 900})
        for name in names:
            page.emulate_media(color_scheme="light")
            page.goto(site.url + name)
            found[name, "light"] = axe(page)
            page.emulate_media(color_scheme="dark")
            page.wait_for_selector("[data-md-color-scheme=slate]")
            found[name, "dark"] = axe(page, runOnly=COLOURS)
        return {place: said for place, said in found.items() if said}

    return faults


@pytest.mark.slow
def test_axe_finds_nothing_on_the_main_types(faults, page_types):
    assert faults(page_types[0]) == {}


@pytest.mark.slow
def test_axe_finds_nothing_on_the_other_types(faults, page_types):
    assert faults(page_types[1]) == {}


def test_axe_finds_nothing_on_a_phone(site, open_page, axe):
    page = open_page(site.url, viewport={"width": 360, "height": 740})
    found = {}
    for name in ("papers/", "papers/tome/", "methods/tome/", "guide/measuring/"):
        page.goto(site.url + name)
        found[name] = axe(page)
    assert {name: faults for name, faults in found.items() if faults} == {}


def stops(page):
    """Where the Tab key leads, from the top of the page to its end."""
    found = []
    for _ in range(400):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUS)
        if stop["tag"] == "BODY":
            return found
        found.append(stop)
    raise AssertionError("the Tab key does not come to an end")


@pytest.mark.parametrize("name", ["", "papers/tome/", "guide/start/"])
def test_the_tab_key_reaches_everything_and_shows_where_it_is(site, open_page, name):
    page = open_page(site.url + name, viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page.wait_for_load_state("networkidle")
    everything = set(page.evaluate(REACHABLE))
    found = stops(page)
    assert everything - {stop["place"] for stop in found} == set()
    content = [stop for stop in found if "md-search" not in stop["what"]]
    assert [stop["what"] for stop in content if not (stop["seen"] and stop["inSight"])] == []


def test_the_first_stop_leads_past_the_header(site, open_page):
    page = open_page(f"{site.url}papers/tome/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText.trim()") == "Skip to content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.pr-crumbs') !== null")


def test_the_header_works_by_keyboard(site, open_page):
    page = open_page(f"{site.url}papers/tome/", color_scheme="light", viewport={"width": 1280, "height": 900})
    page.locator(".md-tabs__link", has_text="Methods").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site.url}methods/")
    page.locator(".md-header .md-option").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("[data-md-color-scheme=slate]")


def test_the_drawer_of_a_phone_opens_for_the_keyboard(site, open_page):
    page = open_page(f"{site.url}papers/tome/", viewport={"width": 360, "height": 740}, reduced_motion="reduce")
    drawer = [stop for stop in stops(page) if "md-nav__link" in stop["what"]]
    assert len(drawer) > 8
    assert [stop["what"] for stop in drawer if not (stop["seen"] and stop["inSight"])] == []
