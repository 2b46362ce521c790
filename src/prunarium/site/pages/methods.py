"""The table of all methods, with its filters."""

from prunarium.site.content import Content
from prunarium.site.method_facets import facets, values_of
from prunarium.site.templates import document


def pages(content: Content) -> dict[str, bytes]:
    """The table: papers' methods by name, then the yardsticks."""
    rows = [
        {
            "method": method,
            "paper": content.catalogue.papers_by_id.get(method.card.paper or ""),
            "has": values_of(method, content),
        }
        for method in sorted(content.methods, key=lambda method: (method.card.baseline, method.card.name.lower()))
    ]
    page = document(
        "methods.html",
        "Methods",
        "Every method of the registry, with the command that runs it.",
        "../",
        content=content,
        rows=rows,
        facets=facets(content),
    )
    return {"methods/index.md": page}
