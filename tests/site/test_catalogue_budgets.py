"""What the papers page may weigh, and that nothing moves on it."""

import gzip

import pytest

from .filtering import box, opened, words

EVERYTHING = 150_000
OWN_SCRIPT = 8_000
SHIFTS = """window.shifts = []; new PerformanceObserver(list => {
  for (const shift of list.getEntries()) {
    const moved = shift.sources.filter(({ node }) => node && !node.parentElement?.closest('.md-header'));
    const parts = moved.map(({ node }) => `${node.outerHTML}`.slice(0, 80));
    if (!shift.hadRecentInput && parts.length) shifts.push([shift.value, ...parts]);
  }
}).observe({ type: 'layout-shift', buffered: true });"""
PLACES = """[...document.querySelectorAll('.md-main :is(h1, form, p, label, table, thead, th, tbody tr)')].slice(0, 300)
  .map(part => { const { x, y, height } = part.getBoundingClientRect(); return [part.tagName, x, y, height]; })"""


def weight(responses):
    """Bytes that travel, with gzip where it helps."""
    return sum(min(len(body), len(gzip.compress(body))) for body in (response.body() for response in responses))


@pytest.fixture
def blank(open_page, site):
    """A page of the site that has loaded nothing yet, and what it is going to load."""
    page = open_page(site.url + "assets/favicon.svg")
    responses = []
    page.on("response", lambda response: responses.append(response))
    return page, responses


def test_all_that_the_papers_page_loads(site, blank):
    page, responses = blank
    page.goto(site.url + "papers/")
    page.locator("#pr-table thead button").first.wait_for()
    page.wait_for_load_state("networkidle")
    assert len({response.url for response in responses}) > 10
    assert weight(responses) < EVERYTHING, {response.url: weight([response]) for response in responses}
    assert not any("search_index" in response.url for response in responses), "nobody searches yet"


def test_own_scripts_are_small_even_where_all_of_them_are_used(site, blank):
    page, responses = blank
    page.goto(site.url + "papers/?modality=vision")
    words(page).fill("token")
    page.wait_for_url("**text=token")
    page.evaluate("import('../assets/facets/full_text.js')")
    with page.expect_download():
        page.get_by_role("link", name="Export as CSV").click()
    scripts = [one for one in responses if one.url.endswith(".js") and site.url + "assets/" in one.url]
    own = {one.url: one for one in scripts if "/assets/javascripts/" not in one.url}
    assert {"start.js", "table.js", "full_text.js", "export.js"} <= {url.rsplit("/", 1)[1] for url in own}
    assert weight(own.values()) < OWN_SCRIPT, {url: weight([one]) for url, one in own.items()}


@pytest.mark.parametrize("width", [1280, 768, 360])
@pytest.mark.parametrize("query", ["", "?modality=vision&venue=cvpr&text=token", "?runnable=yes&sort=title"])
def test_nothing_moves(site, open_page, width, query):
    page = open_page(site.url + "assets/favicon.svg", viewport={"width": width, "height": 800})
    page.context.add_init_script(SHIFTS)
    page.goto(site.url + "papers/" + query)
    page.locator("#pr-table thead button").first.wait_for(state="attached")
    page.wait_for_timeout(700)
    assert page.evaluate("shifts") == []


@pytest.mark.parametrize("width", [1280, 768, 320])
@pytest.mark.parametrize("name", ["papers/", "methods/"])
def test_the_script_moves_nothing(site, open_page, width, name):
    page = opened(open_page, site.url + name, viewport={"width": width, "height": 800})
    places = page.evaluate(PLACES)
    page.route(
        "**/facets/table.js",
        lambda route: route.fulfill(body="export const start = () => {};", content_type="text/javascript"),
    )
    page.reload()
    assert page.locator("#pr-table thead button").count() == 0
    assert page.evaluate(PLACES) == places


def test_a_choice_moves_nothing_but_the_table(site, open_page):
    page = opened(open_page, site.url + "papers/")
    place = "[...document.querySelectorAll('#pr-filter label')].map(label => label.getBoundingClientRect().top)"
    before = page.evaluate(place)
    box(page, "modality", "vision").check()
    words(page).fill("token")
    page.wait_for_url("**text=token")
    assert page.evaluate(place) == before


def test_the_search_of_the_site_still_works(site, open_page):
    page = opened(open_page, site.url + "papers/")
    with page.expect_response("**/search_index.json"):
        page.get_by_role("textbox", name="Search", exact=True).click()
    page.get_by_role("textbox", name="Search", exact=True).press_sequentially("token merging your vit")
    page.locator(".md-search-result__link[href*='papers/tome/']").first.wait_for()
