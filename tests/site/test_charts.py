"""The pictures of the benchmarks page: small, of the page's colours, with their data beside them."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from prunarium import paths
from prunarium.bench.pictures.series_styles import COLOURS, ON_DARK
from prunarium.bench.pictures.trade_off import Against
from prunarium.bench.pictures.trade_off_chart import panel
from prunarium.catalog.picture_files import rendered
from prunarium.site import content, trade_offs
from prunarium.site.inline_svg import inline
from prunarium.site.pages import benchmarks
from prunarium.site.parameters import Parameters
from tests.pictures.conftest import BUDGETS, HOSTILE, card, many, score

from .conftest import ODD_DEVICE

MOST_BYTES = 40_000
DRAWINGS = re.compile(r'<svg[^>]*class="pr-chart".*?</svg>', re.S)


def drawing(count, titles):
    return str(inline(rendered(panel(many(count), Against(8)), ".svg"), f"all {HOSTILE}", "a-b", titles))


def method(name, scores, baseline=False, shown=None):
    made = card(name, name, baseline).model_copy(update={"name": shown or name})
    return content.Method(made, Parameters(()), (), tuple(scores))


def test_a_drawing_is_small_and_well_formed():
    text = drawing(12, {f"point-{place}": "what this is, " * 8 for place in range(45)})
    assert len(text.encode()) < MOST_BYTES
    root = ElementTree.fromstring(text)
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    used = {element.get("href").removeprefix("#") for element in root.iter() if element.get("href")}
    assert len(ids) == len(set(ids)) and used == set(ids)
    assert all(name.startswith("a-b-") for name in ids)
    assert not {element.tag.rpartition("}")[2] for element in root.iter()} & {"metadata", "style", "clipPath", "script"}


def test_colours_and_letters_are_the_pages():
    text = drawing(12, {})
    assert not re.findall(r"#[0-9a-f]{6}", text), "a colour that does not change in the dark"
    assert "font-family" not in text and "DejaVu" not in text
    assert {int(place) for place in re.findall(r"--pr-series-(\d)", text)} == set(range(1, 7))


def test_the_style_sheet_has_the_colours_of_the_drawings():
    sheet = (paths.root() / "site" / "styles" / "colours.css").read_text(encoding="utf-8")
    for place, (light, dark) in enumerate(zip(COLOURS, ON_DARK, strict=True), start=1):
        assert re.findall(rf"--pr-series-{place}: (#\w+);", sheet) == [light, dark]


def test_hostile_titles_and_labels_are_text():
    root = ElementTree.fromstring(drawing(1, {"point-0": HOSTILE}))
    assert [element.text for element in root.iter() if element.tag.endswith("title")] == [HOSTILE]
    assert root.get("aria-label") == f"all {HOSTILE}"


def test_the_page_has_two_pictures_for_each_condition_and_links_the_data(charted, charted_site):
    folder, _ = charted_site
    page = (folder / "benchmarks" / "cluttered-digits" / "index.html").read_text(encoding="utf-8")
    drawings = DRAWINGS.findall(page)
    assert len(drawings) == 3 * 2, "three conditions, each against MACs and at the largest batch size"
    assert all(len(one.encode()) < MOST_BYTES for one in drawings)
    assert "<script>odd()" not in page
    points = ElementTree.fromstring(drawings[0])
    titles = [element.text for element in points.iter() if element.tag.endswith("title")]
    shown = [s for s in charted.scores if s.environment.device != ODD_DEVICE and not s.trained]
    assert sorted(titles) == sorted(
        f"{s.setting}: {100 * s.quality.method:.1f} %, budget {s.cost.budget:.2f}, {s.cost.macs / 1e6:.3g} M MACs, "
        "0.70× at batch 1, 1.50× at batch 64"
        for s in shown
    )
    files = re.findall(r'<a href="\.\./([^"]*)" download', page)
    assert set(files) >= {"cluttered-digits.csv", "cluttered-digits-macs.vl.json", "cluttered-digits-2-speed.vl.json"}
    for file in files:
        assert (folder / "benchmarks" / file).is_file()
        if file.endswith(".json"):
            assert json.loads((folder / "benchmarks" / file).read_text())["$schema"].endswith("v5.json")


def test_the_overview_has_one_small_picture_for_a_benchmark(charted_site):
    folder, _ = charted_site
    assert len(DRAWINGS.findall((folder / "benchmarks" / "index.html").read_text(encoding="utf-8"))) == 1


def test_every_method_is_in_the_key(charted):
    methods = [method(f"m-{place:02}", [score(f"m-{place:02}", budget) for budget in BUDGETS]) for place in range(22)]
    made = benchmarks.pages(replace(charted, methods=tuple(methods)))["benchmarks/cluttered-digits/index.md"].decode()
    drawings = "".join(DRAWINGS.findall(made))
    assert not any(f">{one.card.name}</text>" in drawings for one in methods), "too many to be named in the picture"
    key = re.search(r'<ul class="pr-key">.*?</ul>', made, re.S)[0]
    assert re.findall(r"</svg> (m-\d+)</li>", key) == [one.card.name for one in methods]
    looks = re.findall(r"<svg.*?</svg>", key)
    assert len(set(looks)) == len(looks) == 22, "no two are drawn alike"


def test_without_matplotlib_the_page_says_so(charted, monkeypatch):
    monkeypatch.setattr(trade_offs, "find_spec", lambda name: None if name == "matplotlib" else name)
    page = benchmarks.pages(charted)["benchmarks/cluttered-digits/index.md"].decode()
    assert "No pictures: matplotlib is not installed" in page and not DRAWINGS.findall(page)
    assert "vega" not in page, "no plot, so nothing is loaded for it"
    assert set(trade_offs.documents(charted)) == {
        "benchmarks/cluttered-digits.csv",
        "benchmarks/cluttered-digits-2.csv",
        "benchmarks/cluttered-digits-3.csv",
    }


def test_a_plain_install_can_build_the_page():
    code = (
        "import sys; sys.modules.update(dict.fromkeys(('torch', 'numpy', 'scipy', 'matplotlib'))); "
        "from prunarium.site import trade_offs; print(trade_offs.missing())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "matplotlib\n"


def test_no_scores_no_pictures(charted):
    nothing = replace(charted, methods=())
    assert trade_offs.shown(nothing) == {} and trade_offs.documents(nothing) == {}


@pytest.mark.parametrize("width", [1280, 320])
def test_without_the_plot_they_fit_and_are_readable_in_the_light_and_in_the_dark(charted_site, open_page, width):
    _, url = charted_site
    seen = {}
    for scheme in ("light", "dark"):
        page = open_page(url, viewport={"width": width, "height": 900}, color_scheme=scheme)
        page.route("**/vega-lite.min.js", lambda route: route.abort())
        page.goto(f"{url}benchmarks/cluttered-digits/")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("#pr-plot").is_hidden()
        chart = page.locator(".pr-still .pr-chart").first
        box = chart.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width and box["width"] > 250
        text = chart.locator("text", has_text="plain")
        assert text.bounding_box()["height"] >= 8, "letters that can be read"
        seen[scheme] = text.evaluate("element => getComputedStyle(element).fill")
        axis = chart.locator("text", has_text="accuracy").evaluate("element => getComputedStyle(element).fill")
        assert axis == page.evaluate("getComputedStyle(document.querySelector('.md-typeset')).color")
    assert seen["light"] != seen["dark"]


def test_without_scripts_they_are_there_and_the_plot_is_not(charted_site, open_page):
    page = open_page(f"{charted_site[1]}benchmarks/cluttered-digits/", java_script_enabled=False)
    assert page.locator(".pr-still .pr-chart").first.is_visible()
    assert page.locator("#pr-plot").is_hidden()
