"""The table of all papers, with its filters."""

from prunarium.site.content import Content
from prunarium.site.facets import FACETS, facets, values_of
from prunarium.site.templates import document


def pages(content: Content) -> dict[str, bytes]:
    """The table."""
    rows = [
        {
            "paper": paper,
            "venue": content.catalogue.venue_name(paper),
            "has": {facet: values_of(paper, facet, content) for facet in FACETS},
            "methods": content.methods_of_papers.get(paper.id, []),
        }
        for paper in content.papers
    ]
    description = f"{len(rows)} papers on token reduction and transformer pruning, filtered by what you need."
    page = document("papers.html", "Papers", description, "../", content=content, rows=rows, facets=facets(content))
    return {"papers/index.md": page}
