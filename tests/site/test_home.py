"""The home page says what the records say, and what it shows of code runs."""

import re
from dataclasses import replace
from itertools import pairwise

import pytest

from prunarium.bench.conditions import budget_near
from prunarium.registry.claims import row_status
from prunarium.site import evidence
from prunarium.site.pages import home
from prunarium.site.speed_picture import speed_picture


@pytest.fixture(scope="module")
def text(everything):
    return " ".join(re.sub(r"<[^>]+>", " ", home.pages(everything)["index.md"].decode()).split())


def test_the_first_complaint_counts_what_is_slower(everything, text):
    ratios = [
        speed.ratio
        for method in everything.methods
        if not method.card.baseline
        for score in method.runs
        if score.benchmark == "cluttered-digits" and budget_near(score.cost.budget) == 0.5
        for speed in score.speed
        if speed.batch_size == 1
    ]
    slower = sum(ratio.ci_high < 1 for ratio in ratios)
    assert f"{slower} of {len(ratios)} settings at half of the tokens are slower" in text


def test_the_second_complaint_counts_each_row_once(everything, text):
    found = [row_status(claims) for method in everything.methods for _, claims in method.claims]
    assert f"Of {len(found)} rows that papers print, {found.count('reproduced')} are reproduced here" in text
    assert f"{found.count('not reproduced')} are not reproduced" in text
    official = sum(method.card.parity == "official" for method in everything.methods)
    assert f"{official} of {sum(not method.card.baseline for method in everything.methods)} methods agree" in text


def test_the_third_complaint_has_one_keep_rate_and_two_budgets(everything, text):
    found = evidence.same_rate(everything)
    assert found.low[1] < found.high[1] and found.low[0].id != found.high[0].id
    for method, budget in (found.low, found.high):
        rates = [score.parameters["keep_rate"] for score in method.measured if score.cost.budget == budget]
        assert found.keep_rate in rates
        assert f"{100 * budget:.1f} %" in text
    ranked = evidence.comparability(everything)
    with_quality = sum(score.quality is not None for score in everything.scores)
    assert ranked.ranked + ranked.left_out == with_quality
    assert f"{ranked.ranked} scores in {ranked.rankings} rankings" in text


def test_without_records_it_says_so(everything):
    empty = replace(everything.catalogue, papers_by_id={})
    page = home.pages(replace(everything, catalogue=empty, methods=()))["index.md"].decode()
    assert page.count("Nothing is recorded yet") == 2
    assert "Measured speed" not in page and "Newest papers" not in page


def test_each_setting_is_a_mark_where_its_ratio_is(everything):
    paces = [*evidence.small(everything), *evidence.of_real_size(everything)]
    picture = speed_picture(paces)
    assert [len(row.marks) for row in picture.rows] == [len(pace.timed) for pace in paces]
    for pace, row in zip(paces, picture.rows, strict=True):
        for timed, mark in zip(pace.timed, row.marks, strict=True):
            assert (mark.x > picture.untouched) == (timed.ratio.median > 1)
            assert 0 < mark.x < picture.width
    assert speed_picture([]) is None


def test_two_devices_are_never_in_one_row(everything):
    place, method = next((place, one) for place, one in enumerate(everything.methods) if one.id == "tome")
    elsewhere = [
        score.model_copy(update={"environment": score.environment.model_copy(update={"device": "Another"})})
        for score in method.measured
    ]
    methods = list(everything.methods)
    methods[place] = replace(method, measured=(*method.measured, *elsewhere))
    both = replace(everything, methods=tuple(methods))
    for before, after in zip(
        (evidence.small(everything), evidence.of_real_size(everything)),
        (evidence.small(both), evidence.of_real_size(both)),
        strict=True,
    ):
        counts = [
            {(one.model, one.device, one.batch_size): len(one.timed) for one in paces} for paces in (before, after)
        ]
        assert counts[0].items() <= counts[1].items()
        assert any(pace.device == "Another" for pace in after)
    assert any("Another" in row.label for row in speed_picture(evidence.small(both)).rows)


def test_what_it_shows_of_python_runs(capsys):
    exec(compile(home.PYTHON, "home", "exec"), {})
    assert "block 11" in capsys.readouterr().out


@pytest.mark.parametrize("width", [1280, 768, 320])
def test_it_fits(site, open_page, width):
    page = open_page(site.url, viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    levels = page.eval_on_selector_all("article :is(h1, h2, h3)", "all => all.map(one => +one.tagName[1])")
    assert levels[0] == 1 and all(after - before <= 1 for before, after in pairwise(levels))
