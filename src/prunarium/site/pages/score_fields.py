"""The page that says what a score record holds, field by field, made from the model itself."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel

from prunarium.catalog.wording import model_in
from prunarium.records import MeasuredScore
from prunarium.site.content import Content
from prunarium.site.parameters import Parameter, rows_of
from prunarium.site.templates import document


@dataclass(frozen=True)
class Field:
    """A row of a table, and the part of the record that the field holds, if it holds one."""

    row: Parameter
    holds: str


@dataclass(frozen=True)
class Part:
    """A record, or a part of it, with its fields."""

    name: str
    summary: str
    fields: tuple[Field, ...]


def parts(model: type[BaseModel] = MeasuredScore) -> list[Part]:
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
    """The page, as a file of the docs tree."""
    page = document(
        "score_fields.html",
        "What a score record holds",
        "Every field of a measured score: its type, its unit and its meaning.",
        "../../",
        hide=("toc",),
        parts=parts(),
        version=MeasuredScore.model_fields["schema_version"].default,
    )
    return {"guide/scores.md": page}
