"""Writes records as YAML, and changes written ones without touching what did not change."""

import io
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from prunarium.catalog import yaml_nodes
from prunarium.catalog.drop_guard import refuse_drops
from prunarium.catalog.places import paper_path, schema_from, shown_path
from prunarium.catalog.wording import model_at
from prunarium.catalog.yaml_nodes import is_text
from prunarium.errors import PrunariumError
from prunarium.records import Paper, Record

SCHEMA_COMMENT = "# yaml-language-server: $schema="
ADVICE = "check the folder's permissions"
"""What to do where a file cannot be written, and nobody could have named another one."""


def _writer() -> YAML:
    writer = YAML(typ="rt")
    writer.preserve_quotes = True
    writer.width = 1_000_000  # a title stays on its line
    writer.indent(mapping=2, sequence=4, offset=2)
    return writer


def plain(record: BaseModel) -> dict[str, Any]:
    """The record as plain data, without the fields that are empty or hold their default."""
    data: dict[str, Any] = {}
    for name, field in type(record).model_fields.items():
        value = _plain(getattr(record, name))
        if field.is_required() or (value not in (None, [], {}) and value != field.default):
            data[name] = value
    return data


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return plain(value)
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return value


def _quoted(value: Any) -> Any:
    """Text that an unquoted YAML would read as a number, a date or a truth value, marked to be quoted."""
    if isinstance(value, dict):
        return {_quoted(key): _quoted(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_quoted(part) for part in value]
    return DoubleQuotedScalarString(value) if isinstance(value, str) and not is_text(value) else value


def to_yaml(record: Record, schema: str) -> str:
    """The text of a record's file. ``schema`` is the path of its JSON Schema from there."""
    stream = io.StringIO()
    _writer().dump(_quoted(plain(record)), stream)
    return f"{SCHEMA_COMMENT}{schema}\n{stream.getvalue()}"


@contextmanager
def in_one_line(name: object, advice: str = ADVICE) -> Iterator[None]:
    """Say what the system says against writing a file as one line, with the file's name and what to do.

    Raises:
        PrunariumError: the file cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise PrunariumError(f"{name}: cannot be written ({error.strerror or error}); {advice}") from error


def write_text(path: Path, text: str, advice: str = ADVICE) -> None:
    """Write a text whole or not at all, in UTF-8.

    Raises:
        PrunariumError: it cannot be written; with its path and the ``advice``.
    """
    write_bytes(path, text.encode("utf-8"), advice=advice)


def write_new_paper(root: Path, paper: Paper, comments: str = "") -> Path:
    """Write a new paper's file, with comments at its end.

    Raises:
        PrunariumError: there is such a file, or it cannot be written.
    """
    path = paper_path(root, paper.id)
    if path.exists():
        raise PrunariumError(f"{shown_path(root, path)} exists already; choose another id, or edit that file")
    write_text(path, to_yaml(paper, schema_from(root, path, "paper")) + comments)
    return path


def write_bytes(path: Path, content: bytes, name: object = None, advice: str = ADVICE) -> None:
    """Write a file whole or not at all: to a file beside it, which then takes its name.

    Raises:
        PrunariumError: it cannot be written; with its path or ``name``, and the ``advice``.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.partial")
    with in_one_line(name or path, advice):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            beside.write_bytes(content)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)


def rewrite(
    text: str, change: Callable[[CommentedMap], None], file: str = "the file", allow_drop: Collection[str] = ()
) -> str:
    """The text of a YAML file after ``change``: comments, quotes and order stay.

    ``file`` is the name that errors show. ``allow_drop`` holds what may disappear, as ``id`` or ``id:field``.

    Raises:
        PrunariumError: something that was filled would be gone, and nobody allowed it.
    """
    writer = _writer()
    data = writer.load(text)
    change(data)
    stream = io.StringIO()
    writer.dump(data, stream)
    refuse_drops(file, yaml_nodes.load(text), yaml_nodes.load(stream.getvalue()), allow_drop)
    return stream.getvalue()


def add_missing(node: Any, data: dict[str, Any], model: type[BaseModel] | None) -> None:
    """Add to a file's mapping what it lacks, each field where the model has it. Nothing that is there changes.

    Lists grow by all that ``data`` holds: it is what is to be added, and not what there should be.
    """
    order = list(model.model_fields) if model else []
    for key, value in data.items():
        if node.get(key) in (None, "", [], {}):
            node.pop(key, None)
            before = sum(name in order[: order.index(key)] for name in node) if key in order else len(node)
            node.insert(before, key, _quoted(value))
        elif isinstance(value, dict):
            add_missing(node[key], value, model_at(model, (key,)))
        elif isinstance(value, list):
            node[key].extend(_quoted(part) for part in value)
