"""The page of a paper."""

from collections.abc import Sequence

from prunarium.catalog import Catalogue
from prunarium.catalog.exporting import bibtex
from prunarium.catalog.titles import same_title_key
from prunarium.records import Mention, Paper
from prunarium.site.citation_tags import citation_tags, pdf_addresses
from prunarium.site.content import Content
from prunarium.site.groups import FOLDERS
from prunarium.site.lineage import lineage
from prunarium.site.related import Related, related
from prunarium.site.structured_data import article
from prunarium.site.templates import document

_SCORES_SHOWN = 6


def pages(content: Content) -> dict[str, bytes]:
    """One for each paper."""
    venues = {venue.id: venue.name for venue in content.catalogue.venues.values()}
    kin = lineage(content.methods_of_papers, content.papers)
    others = related(content.papers, venues | content.names, kin)
    return {f"papers/{paper.id}/index.md": _paper(paper, others[paper.id], content) for paper in content.papers}


def differences(paper: Paper, mention: Mention, catalogue: Catalogue) -> list[str]:
    """In what a list names the paper otherwise than its record does: title, venue, year.

    A preprint server is no other venue: the paper was there as well.
    """
    titles = {same_title_key(title) for title in (paper.title, *paper.other_titles)}
    listed = catalogue.venues.get(catalogue.facets.spellings["venue"].get((mention.venue or "").casefold(), ""))
    elsewhere = listed and listed.kind != "preprint-server" and listed.id != (paper.venue.id if paper.venue else None)
    differs = {
        "title": same_title_key(mention.title) not in titles,
        "venue": elsewhere,
        "year": mention.year not in (None, paper.year),
    }
    return [name for name, otherwise in differs.items() if otherwise]


def _paper(paper: Paper, others: Sequence[Related], content: Content) -> bytes:
    venue = content.catalogue.venues.get(paper.venue.id) if paper.venue else None
    return document(
        "paper.html",
        paper.title,
        f"{paper.title}. {', '.join(paper.authors)}, {paper.year}: links, mentions, sources and the method to run.",
        "../../",
        citation=citation_tags(paper, content.catalogue),
        paper=paper,
        content=content,
        folders=FOLDERS,
        venue=venue,
        venue_name=content.catalogue.venue_name(paper),
        pdfs=pdf_addresses(paper),
        scores_shown=_SCORES_SHOWN,
        bibtex=bibtex.text([paper], content.catalogue),
        methods=content.methods_of_papers.get(paper.id, []),
        mentions=[(one, differences(paper, one, content.catalogue)) for one in paper.mentions],
        related=others,
        article=article(paper, content),
    )
