"""What each kind of file holds, field by field: one page for each, made from the models that read the files."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel

from prunarium.catalog.schemas import MODELS
from prunarium.catalog.wording import model_in
from prunarium.records import Record
from prunarium.site.content import Content
from prunarium.site.parameters import Parameter, rows_of
from prunarium.site.templates import document

FOLDER = "reference/files/"


@dataclass(frozen=True)
class Kind:
    """A kind of file: what it is called, where it stands, and what one is for."""

    id: str
    title: str
    place: str
    purpose: str

    @property
    def model(self) -> type[Record]:
        return MODELS[self.id]


KINDS = (
    Kind("paper", "A paper", "catalog/papers/<id>.yaml", "everything known of one paper"),
    Kind("venues", "The venues", "catalog/venues.yaml", "where papers appear, and how lists write it"),
    Kind("taxonomy", "The taxonomy", "catalog/taxonomy.yaml", "the closed vocabularies, with definitions and rules"),
    Kind("lists", "The lists", "catalog/lists.yaml", "the lists that the catalogue was made from"),
    Kind("distinct", "Papers that look alike", "catalog/distinct.yaml", "pairs that are easily taken for one paper"),
    Kind("card", "A method's card", "methods/<id>/card.yaml", "what a method is, and how faithful to its paper"),
    Kind("reported", "Reported scores", "methods/<id>/reported.yaml", "what papers claim, each number with its source"),
    Kind(
        "reported-outside",
        "Scores reported of other methods",
        "catalog/reported.yaml",
        "what is printed of methods that have no folder here",
    ),
    Kind("measured", "A measured score", "methods/<id>/measured/*.json", "one cell, measured here"),
    Kind(
        "token-maps",
        "Token maps",
        "methods/<id>/token_maps.json",
        "which tokens of a few inputs go as the budget falls",
    ),
    Kind("sweep", "A sweep", "any file for prunarium bench", "many cells, written down as grids"),
)


@dataclass(frozen=True)
class Field:
    """A row of a table, and the part of the record that the field holds, if it holds one."""

    row: Parameter
    holds: str

    @property
    def limits(self) -> str:
        """The bounds that a reader can use; lengths of texts say nothing."""
        return self.row.bounds if "≥" in self.row.bounds or ">" in self.row.bounds else ""

    @property
    def meaning(self) -> str:
        """The description as a sentence."""
        text = self.row.description
        return f"{text[:1].upper()}{text[1:]}." if text else ""


@dataclass(frozen=True)
class Part:
    """A record, or a part of it, with its fields."""

    name: str
    summary: str
    fields: tuple[Field, ...]


def parts(model: type[BaseModel]) -> list[Part]:
    """The record, then every part in the order in which it is first named."""
    return [Part(one.__name__, one.__doc__ or "", tuple(_fields(one))) for one in models(model)]


def models(model: type[BaseModel]) -> list[type[BaseModel]]:
    """A model and all that its fields hold."""
    found = [model]
    for one in found:  # grows on the way
        inner = (model_in(field.annotation) for field in one.model_fields.values())
        found += [kind for kind in dict.fromkeys(inner) if kind and kind not in found]
    return found


def _fields(model: type[BaseModel]) -> Iterator[Field]:
    for row, field in zip(rows_of(model), model.model_fields.values(), strict=True):
        inner = model_in(field.annotation)
        yield Field(row, inner.__name__ if inner else "")


def pages(_: Content) -> dict[str, bytes]:
    """The list of the kinds, and a page for each."""
    index = document(
        "schemas.html",
        "Files",
        "Every kind of file of the catalogue and of the methods: where it stands, and what it holds.",
        "../../",
        hide=("toc",),
        kinds=KINDS,
    )
    return {f"{FOLDER}index.md": index} | {f"{FOLDER}{kind.id}.md": _page(kind) for kind in KINDS}


def _page(kind: Kind) -> bytes:
    version = kind.model.model_fields.get("schema_version")
    return document(
        "schema.html",
        kind.title,
        f"{kind.place}: every field, its type, its bounds and its meaning.",
        "../../../",
        hide=("toc",),
        kind=kind,
        parts=parts(kind.model),
        version=version.default if version else None,
    )
