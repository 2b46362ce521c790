"""The page of a method."""

from prunarium.site.content import Content, Method
from prunarium.site.templates import document


def pages(content: Content) -> dict[str, bytes]:
    """One for each method."""
    return {f"methods/{method.id}/index.md": _method(method, content) for method in content.methods}


def _method(method: Method, content: Content) -> bytes:
    paper = content.catalogue.papers_by_id.get(method.card.paper or "")
    return document(
        "method.html", method.card.name, method.card.summary, "../../", method=method, card=method.card, paper=paper
    )
