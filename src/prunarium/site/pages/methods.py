"""The table of all methods."""

from prunarium.site.content import Content
from prunarium.site.templates import document


def pages(content: Content) -> dict[str, bytes]:
    """The table."""
    page = document(
        "methods.html",
        "Methods",
        "Every method of the registry, with the command that runs it.",
        "../",
        content=content,
        papers=content.catalogue.papers_by_id,
    )
    return {"methods/index.md": page}
