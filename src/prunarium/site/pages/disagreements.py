"""The cells for which different sources print different numbers."""

from dataclasses import dataclass

from prunarium.catalog.titles import slug
from prunarium.registry.disagreements import UNTOUCHED, Disagreement, Statement, as_printed, disagreements
from prunarium.site.content import Content
from prunarium.site.templates import document


def found(content: Content) -> list[Disagreement]:
    """All of them: of the methods here, of those without a folder, and of untouched models."""
    statements = [Statement(method.id, row) for method in content.methods for row in method.reported]
    outside = content.reported_outside
    if outside is None:
        return disagreements(statements)
    statements += [Statement(one.method, row) for one in outside.methods for row in one.scores]
    return disagreements(statements, outside.same_models)


def pages(content: Content) -> dict[str, bytes]:
    """The page."""
    cells = found(content)
    rows = sum(len(method.reported) for method in content.methods)
    if content.reported_outside:
        rows += sum(len(one.scores) for one in content.reported_outside.methods)
    page = document(
        "disagreements.html",
        "Disagreements",
        "One method, model, setting and metric, and the different numbers that different papers print for it.",
        "../../",
        by_method=_by_method(cells, content),
        as_printed=as_printed,
        names={method.id: method.card.name for method in content.methods},
        count=len(cells),
        rows=rows,
    )
    return {"benchmarks/disagreements/index.md": page}


@dataclass(frozen=True)
class Group:
    """A method with its cells; ``path`` is that of its page, empty where it has none."""

    name: str
    path: str
    cells: tuple[Disagreement, ...]

    @property
    def anchor(self) -> str:
        return slug(self.name)


def _by_method(cells: list[Disagreement], content: Content) -> list[Group]:
    """In the order of their names; the untouched models come last."""
    names = {method.id: (method.card.name, f"methods/{method.id}/") for method in content.methods}
    if content.reported_outside:
        known = content.catalogue.papers_by_id
        for one in content.reported_outside.methods:
            names[one.method] = one.method, f"papers/{one.paper}/" if one.paper in known else ""
    groups: dict[str, list[Disagreement]] = {}
    for cell in cells:
        groups.setdefault(cell.cell.method, []).append(cell)
    shown = [Group(*names.get(method, ("Untouched models", "")), tuple(own)) for method, own in groups.items()]
    return sorted(shown, key=lambda group: (group.cells[0].cell.method == UNTOUCHED, group.name.lower()))
