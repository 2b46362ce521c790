"""Every generated page, by its path in the docs tree."""

from collections import Counter

from prunarium.catalog.exporting import bibtex
from prunarium.catalog.facets import fold, searchable
from prunarium.records import MeasuredScore, Paper
from prunarium.site import score_fields, trade_offs
from prunarium.site.content import Content, Method
from prunarium.site.facets import FACETS, facets, values_of
from prunarium.site.templates import document

Pages = dict[str, bytes]


def pages(content: Content) -> Pages:
    """Home, lists, and one page for each paper and method."""
    made = {
        "index.md": _home(content),
        "papers/index.md": _papers(content),
        "methods/index.md": _methods(content),
        "benchmarks/index.md": _benchmarks(content),
        "guide/scores.md": score_fields.page(),
    }
    made |= {f"papers/{paper.id}/index.md": _paper(paper, content) for paper in content.papers}
    return made | {f"methods/{method.id}/index.md": _method(method, content) for method in content.methods}


def _home(content: Content) -> bytes:
    all_facets = {facet.id: facet for facet in facets(content)}
    return document(
        "home.html",
        "",
        "The catalogue of papers on cheaper transformers, and the registry of their methods, ready to run.",
        "",
        content=content,
        facets=all_facets,
        measured=sum(len(method.runs) for method in content.methods),
        years=sorted(Counter(paper.year for paper in content.papers).items()),
        categories=sorted(all_facets["category"].values, key=lambda value: -value.count),
    )


def _papers(content: Content) -> bytes:
    rows = [
        {
            "paper": paper,
            "venue": content.catalogue.venue_name(paper),
            "values": {facet: " ".join(sorted(values_of(paper, facet, content))) for facet in FACETS},
            "text": fold(searchable(paper)),
            "methods": content.methods_of_papers.get(paper.id, []),
        }
        for paper in content.papers
    ]
    description = f"{len(rows)} papers on token reduction and transformer pruning, filtered by what you need."
    return document("papers.html", "Papers", description, "../", content=content, rows=rows, facets=facets(content))


def _paper(paper: Paper, content: Content) -> bytes:
    venue = content.catalogue.venues.get(paper.venue.id) if paper.venue else None
    return document(
        "paper.html",
        paper.title,
        f"{paper.title}. {', '.join(paper.authors)}, {paper.year}: links, mentions, sources and the method to run.",
        "../../",
        paper=paper,
        content=content,
        venue=venue,
        venue_name=content.catalogue.venue_name(paper),
        bibtex=bibtex.text([paper], content.catalogue),
        methods=content.methods_of_papers.get(paper.id, []),
    )


def _methods(content: Content) -> bytes:
    return document(
        "methods.html",
        "Methods",
        "Every method of the registry, with the command that runs it.",
        "../",
        content=content,
        papers=content.catalogue.papers_by_id,
    )


def _method(method: Method, content: Content) -> bytes:
    paper = content.catalogue.papers_by_id.get(method.card.paper or "")
    return document(
        "method.html", method.card.name, method.card.summary, "../../", method=method, card=method.card, paper=paper
    )


def _by_budget(score: MeasuredScore) -> tuple[float, float]:
    """Equal budgets side by side, the largest first; among them the most accurate first."""
    return -round(score.cost.budget, 2), -(score.quality.method if score.quality else 0)


def _benchmarks(content: Content) -> bytes:
    by_benchmark: dict[str, list[tuple[Method, MeasuredScore]]] = {}
    for method in content.methods:
        for score in method.measured:
            by_benchmark.setdefault(score.benchmark or "", []).append((method, score))
    for scores in by_benchmark.values():
        scores.sort(key=lambda pair: _by_budget(pair[1]))
    return document(
        "benchmarks.html",
        "Benchmarks",
        "The embedded benchmarks, and what every method scored on them.",
        "../",
        content=content,
        by_benchmark=by_benchmark,
        shown=trade_offs.shown(content),
        missing=trade_offs.missing(),
    )
