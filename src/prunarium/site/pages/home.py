"""The home page: what there is, by year and by category."""

from collections import Counter

from prunarium.site.content import Content
from prunarium.site.facets import facets
from prunarium.site.templates import document


def pages(content: Content) -> dict[str, bytes]:
    """The start of the site."""
    all_facets = {facet.id: facet for facet in facets(content)}
    page = document(
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
    return {"index.md": page}
