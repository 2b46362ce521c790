"""The page of a paper."""

from prunarium.catalog.exporting import bibtex
from prunarium.records import Paper
from prunarium.site.content import Content
from prunarium.site.templates import document


def pages(content: Content) -> dict[str, bytes]:
    """One for each paper."""
    return {f"papers/{paper.id}/index.md": _paper(paper, content) for paper in content.papers}


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
