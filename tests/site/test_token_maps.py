"""Token maps: the records are of the methods as they are, the drawings say what the records say, the slider works."""

import gzip
import json
import re
import shutil
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from prunarium import paths, registry
from prunarium.bench.pictures import budget_maps
from prunarium.catalog.validate import validate
from prunarium.records import TokenMap, TokenMaps, token_maps_key_of
from prunarium.site.token_maps import Maps
from tests.script_modules import script

METHODS = sorted(script("make_token_maps").shown())
MARKS = "*.-ABCXYZabcxyz"
SHIFT = """new Promise(done => {
  const sum = list => list.getEntries().reduce((total, shift) => total + shift.value, 0);
  new PerformanceObserver(list => done(sum(list))).observe({type: "layout-shift", buffered: true});
  setTimeout(() => done(0), 300);
})"""


def a_map(marks="**AA..-*", rows=2, columns=4, budgets=(1.0, 0.5)):
    """A token map with the same marks at every budget."""
    step = {"setting": "Made()", "maps": [marks], "right": [True]}
    return TokenMap.model_validate(
        {
            "ran_on": {"benchmark": "cluttered-digits", "revision": 1, "weights": "sha256:0"},
            "rows": rows,
            "columns": columns,
            "inputs": [{"picture": "cluttered-digits-0.png", "caption": "a whole 8"}],
            "steps": [{"budget": budget, **step} for budget in budgets],
        }
    )


@pytest.mark.parametrize("name", METHODS)
def test_every_method_has_maps_of_its_present_version(name):
    maps, card = registry.token_maps(name), registry.find_card(name)
    if maps is None and registry.load_class(name).adaptive:
        pytest.skip("not made yet: its budgets are found by running it, which takes minutes")
    assert maps is not None, "run: python scripts/make_token_maps.py"
    assert (maps.method, maps.method_version) == (card.id, card.version)
    assert maps.key == token_maps_key_of(maps)
    assert len(maps.maps) == len({"vit", "vlm"} & {*card.families}), "one on each embedded benchmark"
    assert (registry.folder_of(name) / registry.TOKEN_MAPS).stat().st_size < 12_000


@pytest.mark.parametrize("name", ["topk-cls", "dynamicvit", "fastv"])
def test_they_are_of_the_present_model_and_benchmark(name):
    maps = registry.token_maps(name)
    assert maps.key == budget_maps.current_key(name), "run: python scripts/make_token_maps.py"


@pytest.mark.parametrize("name", ["topk-cls", "tome", "evo-vit"])
def test_running_the_method_again_gives_the_same_maps(name, monkeypatch):
    monkeypatch.setattr(budget_maps, "BUDGETS", (0.5,))
    kept = {step.budget: step for step in registry.token_maps(name).maps[0].steps}
    [again] = budget_maps.token_maps(name).maps[0].steps
    assert again == kept[0.5]


def test_fewer_tokens_are_left_at_every_lower_budget():
    for made in filter(None, map(registry.token_maps, METHODS)):
        for one in made.maps:
            left = [sum(len(set(marks) - set("*.-")) + marks.count("*") for marks in step.maps) for step in one.steps]
            # of some no image token is left after the last layer
            assert left[-1] < left[0] or len(left) == 1 or not any(left), made.method


def test_the_shared_pictures_are_those_of_the_benchmarks():
    folder = paths.root() / "site" / "assets" / "token-maps"
    assert {path.name for path in folder.iterdir()} == set(budget_maps.pictures())
    assert sum(path.stat().st_size for path in folder.iterdir()) < 20_000


def test_validate_says_what_is_outdated(small_tree):
    folder = small_tree / "methods" / "topk-cls"
    shutil.copytree(
        paths.root() / "methods" / "topk-cls", folder, ignore=shutil.ignore_patterns("measured", "__pycache__")
    )

    def faults():
        return [fault for fault in validate(small_tree) if fault.startswith("methods/")]

    assert faults() == []
    card, maps = folder / "card.yaml", folder / "token_maps.json"
    card.write_text(card.read_text() + "version: 2\n")
    again = "make them again: python scripts/make_token_maps.py topk-cls"
    [fault] = faults()
    assert fault == f"methods/topk-cls/token_maps.json:4: method_version: is 1, but the card is of version 2; {again}"
    maps.write_text(maps.read_text().replace('"method_version": 1', '"method_version": 2'))
    [fault] = faults()
    assert "token_maps.json:2: key: is" in fault and fault.endswith(again)
    maps.write_text(maps.read_text().replace('"budget": 0.5', '"budget": 1.5', 1))
    assert any("maps[0].steps[5].budget: is 1.5; it must be at most 1" in fault for fault in faults())


@pytest.mark.parametrize(
    "change, said",
    [
        ({"marks": "**"}, "needs 8 marks, one per patch"),
        ({"marks": "********<"}, "pattern"),
        ({"budgets": (0.5, 1.0)}, "from the largest budget to the smallest"),
    ],
)
def test_a_map_that_is_none_is_refused(change, said):
    with pytest.raises(ValidationError, match=said):
        a_map(**change)


@given(st.text(MARKS, min_size=12, max_size=12))
def test_a_drawing_covers_each_changed_patch_once(marks):
    drawing = Maps(a_map(marks, rows=3, columns=4)).budgets[0].drawings[0]
    covered = []
    for d in drawing.paths.values():
        for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)", d):
            covered += [int(y) // 10 * 4 + int(x) // 10 + k for k in range(int(length) // 10)]
    assert sorted(covered) == [place for place, mark in enumerate(marks) if mark != "*"]
    rows = [marks[start : start + 4] for start in (0, 4, 8)]
    assert drawing.letters == "".join(mark for row in rows for mark, _ in groupby(row) if mark.isalpha())
    assert len(drawing.xs.split()) == len(drawing.ys.split()) == len(drawing.letters)
    counts = re.findall(r"(\d+) (?:alone|merged|set aside|gone)", drawing.words)
    assert sum(map(int, counts)) == 12


def test_the_slider_shows_one_budget_at_a_time(site, open_page):
    page = open_page(f"{site.url}methods/tome/")
    slider = page.get_by_label("Budget", exact=True)
    maps = site.content.methods[[one.id for one in site.content.methods].index("tome")].token_maps.maps[0]
    rising = [f"{step.budget:g}" for step in reversed(maps.steps)]
    assert slider.get_attribute("aria-valuetext") == "0.5"
    slider.focus()
    page.keyboard.press("Home")
    for budget in rising:
        assert slider.get_attribute("aria-valuetext") == budget
        assert page.locator(".pr-budget:visible").count() == 1
        assert page.locator(".pr-budget:visible").get_attribute("data-budget") == budget
        assert page.locator("output").inner_text().startswith(f"Budget {budget}. Of 192 patches")
        assert page.locator(".pr-budget:visible svg:visible").count() == len(maps.inputs)
        page.keyboard.press("ArrowRight")
    for image in page.locator(".pr-budget:visible svg image").all():
        address = page.evaluate("image => image.href.baseVal", image.element_handle())
        assert page.request.get(f"{site.url}methods/tome/{address}").ok


def test_two_families_have_two_sliders_with_names_of_their_own(site, open_page):
    page = open_page(f"{site.url}methods/random/")
    for benchmark in ("cluttered-digits", "digit-grid"):
        page.get_by_label(f"Budget on {benchmark}").fill("0")
    assert [one.get_attribute("data-budget") for one in page.locator(".pr-budget:visible").all()] == ["0.2", "0.2"]


def test_without_a_script_budgets_stand_side_by_side(site, open_page):
    page = open_page(f"{site.url}methods/tome/", java_script_enabled=False, viewport={"width": 1280, "height": 900})
    shown = page.locator(".pr-budget:visible")
    assert [one.get_attribute("data-budget") for one in shown.all()] == ["0.7", "0.5", "0.3"]
    assert len({one.bounding_box()["y"] for one in shown.all()}) == 1
    assert not page.get_by_label("Budget", exact=True).is_visible()
    assert shown.first.locator(".pr-budget-name").inner_text() == "Budget 0.7"


def test_loading_the_script_moves_nothing(site, open_page):
    page = open_page(f"{site.url}methods/tome/")
    page.wait_for_timeout(300)
    shift = page.evaluate(SHIFT)
    assert shift < 0.05


def test_the_script_is_small():
    script = paths.root() / "site" / "assets" / "token-map.js"
    assert len(gzip.compress(script.read_bytes())) < 800


def test_a_record_round_trips():
    for maps in filter(None, map(registry.token_maps, METHODS)):
        assert TokenMaps.model_validate(json.loads(maps.model_dump_json())) == maps
