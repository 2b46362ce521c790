"""The pages of groups, the timeline, coverage and data, as the engine renders them and a browser shows them."""

import re
from urllib.parse import urljoin
from xml.etree import ElementTree

import pytest

from .test_built_site import page

SHOWN = (
    "timeline/",
    "venues/",
    "venues/iclr/",
    "categories/token-merging/",
    "lists/aussie-ai-token-pruning/",
    "years/2023/",
    "coverage/",
    "data/",
)
_LOC = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"


def test_every_page_that_was_built_is_in_the_sitemap(site):
    listed = [one.text for one in ElementTree.parse(site.folder / "sitemap.xml").iter(_LOC)]
    built = {path.parent.relative_to(site.folder).as_posix() for path in site.folder.rglob("index.html")}
    address = site.content.addresses.site
    assert sorted(listed) == sorted(address if name == "." else f"{address}{name}/" for name in built)
    assert "lastmod" not in (site.folder / "sitemap.xml").read_text(), "no day of the build"


def test_every_page_names_the_feeds(site):
    for name in ("", "papers", "timeline"):
        html = (site.folder / name / "index.html").read_text()
        up = "../" if name else ""
        found = dict(re.findall(r'<link rel="alternate" type="application/(\w+)\+\w+"[^>]* href="([^"]*)"', html))
        assert found == {"atom": f"{up}feed.xml", "feed": f"{up}feed.json"}
    assert (site.folder / "feed.xml").is_file() and (site.folder / "feed.json").is_file()


def test_the_folder_is_as_its_checksums_say(site):
    for line in (site.folder / "SHA256SUMS").read_text().splitlines():
        assert (site.folder / line.split("  ")[1]).is_file(), line


def test_without_javascript_each_paper_is_three_clicks_away_on_every_way(site):
    papers = {f"papers/{paper.id}/" for paper in site.content.catalogue}
    for start in ("papers/", "years/", "kinds/", "training/", "lists/"):
        near = {start}
        for _ in range(2):  # the first click is the one from the home page or the menu to the start
            near |= {target for name in near - papers for target in _inner(site.folder, name)}
        named = {
            path for path in papers if start != "lists/" or site.content.catalogue.paper(path.split("/")[1]).mentions
        }
        assert named <= near, start


def _inner(folder, name):
    """The pages of the site that a page links."""
    found = (urljoin(name, link.split("#")[0].split("?")[0]) for link in page(folder, name).links)
    return {target for target in found if (folder / target / "index.html").is_file()}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_scrolls_sideways_on_a_phone(site, open_page, scheme):
    shown = open_page(site.url, viewport={"width": 320, "height": 700}, color_scheme=scheme)
    for path in SHOWN:
        shown.goto(site.url + path)
        for fold in shown.locator("details summary").all():
            fold.click()
        assert shown.evaluate("document.documentElement.scrollWidth") <= 320, path


def test_bars_are_drawn_as_long_as_their_counts(site, open_page):
    shown = open_page(f"{site.url}timeline/", viewport={"width": 1280, "height": 900})
    first = shown.locator(".pr-timeline").first
    totals = [int(one) for one in first.locator(".pr-bar-count").all_inner_texts()]
    assert sum(totals) == len(site.content.papers)
    ends = "one => Math.max(...[...one.children].map(part => part.getBoundingClientRect().right))"
    lengths = [
        one.evaluate(f"one => ({ends})(one) - one.getBoundingClientRect().left") for one in first.locator("svg").all()
    ]
    longest = max(lengths)
    for length, total in zip(lengths, totals, strict=True):
        assert abs(length / longest - total / max(totals)) < 0.02


def test_a_link_to_what_is_lacking_opens_it(site, open_page):
    shown = open_page(f"{site.url}coverage/", viewport={"width": 1280, "height": 900})
    count = shown.locator('a[href="#without-code"]')
    wanted = int(count.inner_text())
    count.click()
    listing = shown.locator("#without-code li")
    assert listing.count() == wanted
    listing.first.wait_for(state="visible")


def test_the_filtered_table_holds_as_many_papers_as_the_page_says(site, open_page):
    shown = open_page(f"{site.url}venues/iclr/")
    said = shown.locator(".pr-actions a").inner_text()
    shown.locator(".pr-actions a").click()
    shown.wait_for_url("**/papers/?venue=iclr")
    number = re.search(r"\d+", said)[0]
    shown.wait_for_function(f"document.querySelector('#pr-status').textContent.startsWith('{number} of')")
