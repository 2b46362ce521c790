"""The benchmarks: a short overview, a page for each, and one for what was counted without one."""

from functools import partial

from prunarium.bench.pictures.trade_off_vega import GREY, ON_ANY
from prunarium.records import MeasuredScore
from prunarium.registry.claims import totals
from prunarium.site import trade_offs
from prunarium.site.content import BenchmarkSummary, Content, Method
from prunarium.site.pages import disagreements
from prunarium.site.standings import Discrimination, Standings, discrimination, standings
from prunarium.site.templates import document


def pages(content: Content) -> dict[str, bytes]:
    """The overview, one page for each benchmark that is described or has scores, and the costs without one."""
    found = standings(content)
    described = {benchmark.name: benchmark for benchmark in content.benchmarks or ()}
    each = [(name, described.get(name), found.get(name)) for name in (*described, *sorted(found.keys() - described))]
    made = {"benchmarks/index.md": _overview(content, each), "benchmarks/cost-only/index.md": _cost_only(content)}
    for name, summary, own in each:
        made[f"benchmarks/{name}/index.md"] = _benchmark(content, name, summary, own)
    return made


def _overview(content: Content, each: list[tuple[str, BenchmarkSummary | None, Standings | None]]) -> bytes:
    return document(
        "benchmarks.html",
        "Benchmarks",
        "The embedded benchmarks: what they ask, how far they tell methods apart, and the best at each budget.",
        "../",
        content=content,
        benchmarks=each,
        methods=_by_id(content),
        discrimination=_discrimination(content),
        claims=sum(totals(claim for _, held in method.claims for claim in held).total() for method in content.methods),
        disagreements=len(disagreements.found(content)),
        cost_only=len(_without_benchmark(content)),
    )


def _benchmark(content: Content, name: str, summary: BenchmarkSummary | None, own: Standings | None) -> bytes:
    return document(
        "benchmark.html",
        name,
        f"The benchmark {name}: quality against cost of every method, ranked at equal budgets.",
        "../../",
        name=name,
        summary=summary,
        standings=own,
        methods=_by_id(content),
        discrimination=_discrimination(content),
        missing=trade_offs.missing(),
        colours=ON_ANY,
        grey=GREY,
    )


def _discrimination(content: Content) -> "partial[list[Discrimination]]":
    baselines = [method.id for method in content.methods if method.card.baseline]
    return partial(discrimination, baselines=baselines)


def _by_id(content: Content) -> dict[str, Method]:
    return {method.id: method for method in content.methods}


def _without_benchmark(content: Content) -> list[tuple[Method, MeasuredScore]]:
    return [(method, score) for method in content.methods for score in method.measured if score.quality is None]


def _cost_only(content: Content) -> bytes:
    models: dict[str, list[tuple[Method, MeasuredScore]]] = {}
    for method, score in _without_benchmark(content):
        models.setdefault(score.model, []).append((method, score))
    for scores in models.values():
        scores.sort(key=lambda pair: (pair[0].id, -pair[1].cost.budget, pair[1].setting))
    return document(
        "cost_only.html",
        "Cost only",
        "Multiply-accumulates of methods on models of others, counted without measuring quality.",
        "../../",
        models=sorted(models.items()),
    )
