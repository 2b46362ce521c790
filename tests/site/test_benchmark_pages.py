"""The pages of the benchmarks: rankings at equal budgets, what is refused and why, every score."""

import gzip
import re
from dataclasses import replace
from html import unescape

import pytest

from prunarium.bench.comparison import compare
from prunarium.bench.conditions import training_of
from prunarium.site.pages import benchmarks, claims
from prunarium.site.standings import standings

from .conftest import ODD_DEVICE
from .test_built_site import Links

EVERYTHING_BUT_THE_PLOT = 150_000
TAGS = re.compile(r"<[^>]+>")


def section(page, start, end):
    return page[page.index(start) : page.index(end)]


def words(html):
    return " ".join(unescape(TAGS.sub(" ", html)).split())


@pytest.fixture(scope="module")
def made(charted):
    return {name: text.decode() for name, text in benchmarks.pages(charted).items()}


def test_each_condition_has_its_own_rankings(charted, made):
    page = made["benchmarks/cluttered-digits/index.md"]
    rankings = compare(charted.scores).rankings
    tables = re.findall(r"Ranked at budget ([\d.]+): (\d+) settings", page)
    assert sorted(tables) == sorted((f"{one.budget:g}", str(len(one.rows))) for one in rankings)
    for one in standings(charted)["cluttered-digits"].standings:
        trained = {training_of(point.score) for point in one.trade_off.points}
        assert len(trained) == 1, "trained and off the shelf never stand in one table or curve"


def test_a_ranking_begins_with_the_untouched_model_and_marks_the_yardsticks(made):
    page = made["benchmarks/cluttered-digits/index.md"]
    table = section(page, "Ranked at budget 0.5", "Ranked at budget 0.25")
    rows = [words(row) for row in re.findall(r"<tr role=\"row\".*?</tr>", table)][1:]
    assert rows[0].startswith("– Untouched model what all are measured against 95.0 % 0 1.00×")
    assert (
        rows[1].startswith("1 ") and "93.3 % −1.7 [−2.9, −0.9] 2.00× 0.70× [0.67, 0.71] 1.50× [1.44, 1.53]" in rows[1]
    )
    assert rows[3].startswith("3 random yardstick") and "50.0 %" in rows[3]


def test_what_is_level_with_the_best_says_so(charted, made):
    page = made["benchmarks/cluttered-digits/index.md"]
    level = sum(row.level_with_best and row.rank > 1 for one in compare(charted.scores).rankings for row in one.rows)
    assert page.count("<small>level with 1</small>") == level


def test_the_refusal_names_every_condition_and_what_sets_it_apart(charted, made):
    page = words(section(made["benchmarks/cluttered-digits/index.md"], 'id="not-ranked"', "Measure any of it again"))
    for field in (
        "data, model, training, weights, family, metric, samples, device, threads and precision",
        "prunarium compare",
    ):
        assert field in page
    assert f"device: {ODD_DEVICE} instead of A Processor" in page
    assert "training: Trained with the method instead of Off the shelf" in page


def test_every_refusal_of_the_comparison_is_on_the_page(charted, made):
    left = [score for method in charted.methods for score in method.measured]
    odd = [score.model_copy(update={"cost": score.cost.model_copy(update={"budget": 0.6})}) for score in left[:1]]
    content = replace(charted, methods=(replace(charted.methods[0], measured=(*charted.methods[0].measured, *odd)),))
    page = words(benchmarks.pages(content)["benchmarks/cluttered-digits/index.md"].decode())
    refused = compare(content.scores).left_out
    assert refused
    for one in refused:
        assert f"{', '.join(f'{budget:g}' for budget in one.budgets)} {one.scores} {one.reason}" in page


def test_the_overview_tells_how_far_a_benchmark_tells_methods_apart(made):
    page = words(made["benchmarks/index.md"])
    assert "Budget 0.25 95.0 % 25.0 % 87.1 %" in page, "untouched, random, best"
    assert "Budget 0.5 95.0 % not measured 90.1 % " in page, "no yardstick is trained"


def test_a_benchmark_without_scores_says_how_to_get_some(everything):
    empty = replace(everything, methods=())
    nothing = benchmarks.pages(empty) | claims.pages(empty)
    for name in ("index.md", "digit-grid/index.md"):
        assert "No scores recorded yet." in nothing[f"benchmarks/{name}"].decode()
    assert "No such scores yet." in nothing["benchmarks/cost-only/index.md"].decode()
    assert "No claims of papers collected yet." in nothing["benchmarks/claims/index.md"].decode()


def test_without_torch_the_scores_are_there_and_what_is_missing_is_said(made):
    assert "described where PyTorch is installed" in made["benchmarks/index.md"]
    assert "Ranked at budget" in made["benchmarks/cluttered-digits/index.md"]


def test_every_cost_without_quality_is_on_its_page(everything):
    page = benchmarks.pages(everything)["benchmarks/cost-only/index.md"].decode()
    costs = [score for score in everything.scores if score.quality is None]
    assert costs and page.count('<td role="cell" data-label="How">') == len(costs)
    assert all(unescape(page).count(score.setting) for score in costs)


def test_the_pages_keep_their_budget(site):
    for file in (site.folder / "benchmarks").rglob("index.html"):
        found = Links(file.read_text("utf-8"))
        own = [one for one in found.resources if "/vendor/" not in one]
        files = {(file.parent / one.split("?")[0]).resolve() for one in own} | {file}
        assert sum(len(gzip.compress(one.read_bytes())) for one in files) < EVERYTHING_BUT_THE_PLOT, file


@pytest.mark.parametrize("name", ["", "cost-only/", "claims/", "disagreements/", "digit-grid/"])
def test_nothing_scrolls_sideways_on_a_phone(site, open_page, name):
    page = open_page(f"{site.url}benchmarks/{name}", viewport={"width": 320, "height": 800})
    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
