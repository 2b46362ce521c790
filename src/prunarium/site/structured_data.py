"""A paper as JSON-LD in the terms of schema.org, which search engines read."""

from typing import Any

from prunarium.catalog.exporting.publication import publication
from prunarium.records import Paper
from prunarium.site.citation_tags import pdf_addresses
from prunarium.site.content import Content

_IDENTIFIERS = {"arxiv": "arXiv", "doi": "DOI", "openreview": "OpenReview", "acl": "ACL Anthology"}
_STATUS = {"preprint": "Preprint", "submitted": "Submitted", "accepted": "Accepted", "published": "Published"}


def article(paper: Paper, content: Content) -> dict[str, Any]:
    """The paper, only what its record states. ``url`` is where it is read, ``mainEntityOfPage`` our page about it."""
    found = {
        "@context": "https://schema.org",
        "@type": "Thesis" if paper.kind == "thesis" else "ScholarlyArticle",
        "name": paper.title,
        "headline": paper.title,
        "alternateName": [*filter(None, [paper.name]), *paper.other_titles],
        "author": [{"@type": "Person", "name": author} for author in paper.authors],
        "datePublished": str(publication(paper, content.catalogue).year),
        "isPartOf": _venue(paper, content),
        "creativeWorkStatus": _status(paper),
        "keywords": [content.names.get(one, one) for one in (*paper.categories, *paper.modalities)],
        "identifier": _identifiers(paper),
        "url": paper.url,
        "sameAs": [address for address in _landing_pages(paper) if address != paper.url],
        "encoding": [
            {"@type": "MediaObject", "contentUrl": address, "encodingFormat": "application/pdf"}
            for address in pdf_addresses(paper)
        ],
        "workExample": [{"@type": "SoftwareSourceCode", "codeRepository": link.url} for link in paper.links.code],
        "mainEntityOfPage": content.addresses.page(f"papers/{paper.id}/"),
    }
    return {name: value for name, value in found.items() if value}


def _landing_pages(paper: Paper) -> list[str]:
    return list(dict.fromkeys([*paper.identifiers.addresses.values(), *paper.links.paper]))


def _identifiers(paper: Paper) -> list[dict[str, str]]:
    return [
        {"@type": "PropertyValue", "propertyID": name, "value": getattr(paper.identifiers, field)}
        for field, name in _IDENTIFIERS.items()
        if getattr(paper.identifiers, field)
    ]


def _venue(paper: Paper, content: Content) -> dict[str, str] | None:
    found = publication(paper, content.catalogue)
    if found.form not in ("journal", "proceedings"):
        return None
    return {"@type": "Periodical" if found.form == "journal" else "PublicationVolume", "name": found.name}


def _status(paper: Paper) -> str | None:
    if paper.withdrawn:
        return "Withdrawn"
    return _STATUS[paper.venue.status] if paper.venue else None
