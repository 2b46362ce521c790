"""The interactive plot on the page of a benchmark, in a real browser."""

import hashlib
import re

import pytest

from prunarium import paths
from tests.pictures.conftest import BUDGETS, HOSTILE

from .conftest import ODD_DEVICE

VENDOR = paths.root() / "site" / "assets" / "vendor"
POINTS = "#pr-view .mark-symbol path"
RULES = "#pr-view .mark-rule.role-mark line"
STRICT = "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"


@pytest.fixture
def plot(charted_site, open_page):
    """The page, with its plot drawn."""
    page = open_page(f"{charted_site[1]}benchmarks/cluttered-digits/", viewport={"width": 1280, "height": 900})
    page.wait_for_selector(POINTS)
    return page


def says(page):
    return page.locator("#pr-plot-status").inner_text()


def test_it_draws_every_point_of_the_first_condition_with_its_intervals(plot):
    assert says(plot) == "9 scores of 3 of 3 methods"
    assert plot.locator(POINTS).count() == 9
    assert plot.locator(RULES).count() == 9 + 1, "an interval each, and the untouched model"
    assert plot.locator(".pr-still").first.is_hidden()


def test_the_choice_of_the_condition_changes_it(plot):
    plot.get_by_role("radio", name="Trained with the method").check()
    plot.wait_for_function("document.querySelectorAll('#pr-view .mark-symbol path').length === 4")
    assert says(plot) == "4 scores of 2 of 2 methods", "one point of one method, three of the other"
    plot.get_by_role("radio", name="Off the shelf").check()
    plot.get_by_role("radio", name=ODD_DEVICE).check()
    plot.wait_for_function("document.querySelectorAll('#pr-view .mark-symbol path').length === 2")
    assert says(plot) == "2 scores of 2 of 2 methods"


def test_what_was_not_measured_is_said_and_nothing_is_drawn(plot):
    plot.get_by_role("radio", name="Trained with the method").check()
    plot.get_by_role("radio", name=ODD_DEVICE).check()
    assert says(plot) == "Nothing was measured under this choice. Change one of its parts."
    assert plot.locator("#pr-view").is_hidden()


def test_the_axis_changes_it(plot):
    plot.get_by_role("radio", name="Measured speed, batch size 64").check()
    plot.wait_for_function("document.querySelector('#pr-view').textContent.includes('batch size 64')")
    assert plot.locator(RULES).count() == 2 * 9 + 2, "intervals of both, both untouched lines"


def test_methods_can_be_hidden_one_by_one_and_all(plot):
    plot.locator(".pr-key:not([hidden]) label", has_text="random").locator("input").uncheck()
    plot.wait_for_function("document.querySelectorAll('#pr-view .mark-symbol path').length === 6")
    assert says(plot) == "6 scores of 2 of 3 methods"
    plot.get_by_role("button", name="Hide all").click()
    plot.wait_for_function("document.querySelectorAll('#pr-view .mark-symbol path').length === 0")
    plot.get_by_role("button", name="Show all").click()
    plot.wait_for_function("document.querySelectorAll('#pr-view .mark-symbol path').length === 9")


def test_it_is_operable_by_keyboard(plot):
    plot.get_by_role("radio", name="Off the shelf").focus()
    plot.keyboard.press("ArrowDown")
    plot.wait_for_function("document.querySelectorAll('#pr-view .mark-symbol path').length === 4")


def test_a_hostile_name_is_text(plot):
    assert plot.locator(".pr-key:not([hidden]) label").first.inner_text().strip() == HOSTILE
    assert plot.evaluate("window.odd") is None


def test_its_colours_are_those_of_the_palette(charted_site, open_page):
    url, colours = f"{charted_site[1]}benchmarks/cluttered-digits/", {}
    for scheme in ("light", "dark"):
        page = open_page(url, color_scheme=scheme)
        page.wait_for_selector(POINTS)
        colours[scheme] = page.locator(POINTS).first.evaluate("mark => getComputedStyle(mark).stroke")
        palette = page.evaluate("getComputedStyle(document.body).getPropertyValue('--pr-series-1')").lstrip("#")
        assert colours[scheme] == f"rgb({', '.join(str(int(palette[i : i + 2], 16)) for i in (0, 2, 4))})"
    assert colours["light"] != colours["dark"]


def test_the_table_has_the_same_numbers_as_the_plot(plot, charted):
    rows = plot.locator(".pr-points").first.locator("tbody tr:not(.pr-group)")
    cells = rows.evaluate_all("rows => rows.map((row) => [...row.cells].map((cell) => cell.textContent))")
    drawn = plot.evaluate(
        "fetch('../cluttered-digits-macs.vl.json').then((a) => a.json()).then((spec) => spec.hconcat[0].data.values)"
    )
    assert len(cells) == len(drawn) == 3 * len(BUDGETS)
    told = sorted(
        (float(budget), quality.split(" %")[0], [float(one) for one in re.findall(r"[\d.]+(?= %)", quality)][1:])
        for _, budget, quality, *_ in cells
    )
    assert told == sorted(
        (
            row["budget"],
            f"{100 * row['quality']:.1f}",
            [round(100 * row[f"quality_{end}"], 1) for end in ("low", "high")],
        )
        for row in drawn
    )


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_nothing_scrolls_sideways(charted_site, open_page, width):
    page = open_page(f"{charted_site[1]}benchmarks/cluttered-digits/", viewport={"width": width, "height": 900})
    page.wait_for_selector(POINTS)
    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_it_needs_no_eval_and_no_inline_handler(charted_site, open_page):
    page = open_page(charted_site[1])
    page.route(
        "**/benchmarks/cluttered-digits/",
        lambda route: route.fulfill(
            response=(got := route.fetch()), headers=got.headers | {"content-security-policy": STRICT}
        ),
    )
    page.goto(f"{charted_site[1]}benchmarks/cluttered-digits/")
    page.wait_for_selector(POINTS)
    assert page.locator(POINTS).count() == 9


def test_the_vendored_files_are_those_that_the_list_names():
    listed = dict(line.split()[::-1] for line in (VENDOR / "VERSIONS.txt").read_text().splitlines()[-3:])
    assert set(listed) == {file.name for file in VENDOR.glob("*.js")}
    for name, checksum in listed.items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == checksum, name
    assert "Redistribution and use" in (VENDOR / "LICENSES.txt").read_text()


def test_no_other_page_loads_the_libraries(charted_site):
    folder, _ = charted_site
    users = {file.parent.name for file in folder.rglob("*.html") if "assets/vendor/" in file.read_text("utf-8")}
    assert users == {"cluttered-digits"}
