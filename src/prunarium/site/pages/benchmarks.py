"""The benchmarks, and what every method scored on them."""

from prunarium.records import MeasuredScore
from prunarium.site import trade_offs
from prunarium.site.content import Content, Method
from prunarium.site.templates import document


def pages(content: Content) -> dict[str, bytes]:
    """The benchmarks with their scores."""
    by_benchmark: dict[str, list[tuple[Method, MeasuredScore]]] = {}
    for method in content.methods:
        for score in method.measured:
            by_benchmark.setdefault(score.benchmark or "", []).append((method, score))
    for scores in by_benchmark.values():
        scores.sort(key=lambda pair: _by_budget(pair[1]))
    page = document(
        "benchmarks.html",
        "Benchmarks",
        "The embedded benchmarks, and what every method scored on them.",
        "../",
        content=content,
        by_benchmark=by_benchmark,
        shown=trade_offs.shown(content),
        missing=trade_offs.missing(),
    )
    return {"benchmarks/index.md": page}


def _by_budget(score: MeasuredScore) -> tuple[float, float]:
    """Equal budgets side by side, the largest first; among them the most accurate first."""
    return -round(score.cost.budget, 2), -(score.quality.method if score.quality else 0)
