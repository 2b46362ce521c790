"""The guide on choosing a method: its numbers are the records', and it hides nothing that is slow."""

import re
from dataclasses import replace

import pytest

from prunarium.bench.comparison import compare
from prunarium.bench.conditions import LEARNED, OFF_THE_SHELF, TRAINED, training_of
from prunarium.site.pages import choosing

PLACES = {OFF_THE_SHELF: "", LEARNED: "-learned", TRAINED: "-trained"}


@pytest.fixture(scope="module")
def page(everything):
    return choosing.pages(everything)["guide/choose.md"].decode()


def tables(page):
    """The rows of each ranking by the anchor of its heading: of each method the cells of the budgets."""
    found = {}
    for part in page.split("<h3 id=")[1:]:
        rows = re.findall(r'data-label="Method"><a href="[./]*methods/([\w-]+)/">(.*?)</tr>', part.split("<h2")[0])
        cells = {method: re.findall(r'data-label="Budget [\d.]+"[^>]*>(.*?)</td>', row) for method, row in rows}
        found[part.split('"')[1]] = cells
    return found


def test_each_number_is_the_best_that_was_ranked(everything, page):
    best = {}
    for ranking in compare(everything.scores).rankings:
        for row in ranking.rows:
            anchor = f"{ranking.condition.benchmark}{PLACES[ranking.condition.training]}"
            best.setdefault((anchor, row.method, ranking.budget), row)
    shown = tables(page)
    assert {"cluttered-digits", "cluttered-digits-learned", "cluttered-digits-trained"} <= shown.keys()
    checked = 0
    for anchor, rows in shown.items():
        budgets = sorted({budget for where, _, budget in best if where == anchor}, reverse=True)
        for method, cells in rows.items():
            for budget, cell in zip(budgets, cells, strict=True):
                row = best.get((anchor, method, budget))
                assert (f"{100 * row.quality:.1f} %" in cell) if row else ("not ranked" in cell)
                assert row is None or ("level with the best" in cell) == row.level_with_best
                checked += row is not None
    assert checked == len(best)


@pytest.mark.parametrize("training", [LEARNED, TRAINED])
def test_what_was_trained_has_tables_of_its_own(everything, page, training):
    shown = tables(page)[f"cluttered-digits{PLACES[training]}"]
    for method in everything.methods:
        scores = [score for score in method.measured if score.benchmark == "cluttered-digits"]
        measured = any(training_of(score) == training for score in scores)
        assert (method.id in shown) == measured


def test_a_method_that_reads_the_cls_token_is_not_offered_without_one(page):
    without, with_cls = re.findall(r'data-label="These work">(.*?)</td>', page)[:2]
    assert "methods/tome/" in without and "methods/evit/" not in without
    assert "methods/evit/" in with_cls


def test_what_is_slower_is_counted(page):
    rows = re.findall(r'data-label="Slower" class="pr-number">(\d+)<', page)
    assert len(rows) >= 2 and max(map(int, rows)) > 0


def test_without_records_or_torch_it_says_so(everything):
    bare = tuple(replace(method, measured=(), workings=None) for method in everything.methods)
    page = choosing.pages(replace(everything, methods=bare))["guide/choose.md"].decode()
    assert "Nothing is ranked yet" in page
    assert "is known where PyTorch is installed" in page
