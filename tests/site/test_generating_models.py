"""The site's tables of scores say what a model that generates holds in its cache, and what each word takes."""

from dataclasses import replace

from prunarium.records import MeasuredScore
from prunarium.site.pages import benchmarks, speed_up
from prunarium.site.pages import method as method_page

from .conftest import measured_score
from .test_benchmark_pages import words
from .test_speed_up import timed, with_scores


def generating(score: MeasuredScore) -> MeasuredScore:
    """The same with a cache of half the size, and words a tenth faster."""
    data = score.model_dump(mode="json")
    data["cost"]["cache"] = {
        "bytes_baseline": 4_000_000,
        "bytes": 2_000_000,
        "entries_baseline": [80.0] * 6,
        "entries": [40.0] * 6,
        "tokens_read": [65.0] * 6,
    }
    for speed in data["speed"]:
        times = {name: speed[name] | {"median": 3.0} for name in ("baseline_ms", "method_ms")}
        speed["decode"] = {"words": 8, **times, "ratio": speed["ratio"] | {"median": 1.1}}
    return MeasuredScore.model_validate(data)


def test_the_page_of_a_method(everything):
    plain = measured_score()
    for score in (plain, generating(plain)):
        content = with_scores(everything, score)
        page = words(method_page.pages(content)["methods/tome/index.md"].decode())
        there = score is not plain
        assert ("cache 2 MB of 4 MB" in page) == there
        assert ("each word 1.10×; 3 ms of 3 ms" in page) == there
        assert ("the key-value cache that it leaves" in page) == there


def test_the_page_of_a_benchmark(everything):
    one = generating(measured_score())
    cost = one.cost.model_copy(update={"budget": 0.5})
    scores = [one.model_copy(update={"cost": cost, "method": name}) for name in ("tome", "evit")]
    pages = benchmarks.pages(replace(with_scores(everything, *scores)))
    page = words(pages["benchmarks/cluttered-digits/index.md"].decode())
    assert page.count("2.00× cache 2.00× less") == 2, "in the ranking"
    assert "cache 2 MB" in page.partition("2.00× cache 2.00× less")[2], "in the table of every point"


def test_the_page_of_costs_and_the_page_of_speed(everything):
    score = generating(timed("tome", 0.65, 1.4)).model_copy(update={"quality": None})
    content = with_scores(everything, score)
    costs = words(benchmarks.pages(content)["benchmarks/cost-only/index.md"].decode())
    assert "1.40× at batch 1, each word 1.10×" in costs
    (table,) = speed_up.tables(content)
    assert [row.method.id for row in table.rows] == ["tome"]
