"""Reads a YAML or JSON file into a record, and says every fault of a file that is none."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from prunarium.catalog import yaml_nodes
from prunarium.catalog.wording import in_words
from prunarium.catalog.yaml_nodes import Place
from prunarium.errors import PrunariumError
from prunarium.records import Record

AnyRecord = TypeVar("AnyRecord", bound=Record)


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that is wrong in a file, and what to do."""

    file: str
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field + ': ' if self.field else ''}{self.message}"


class FaultyFileError(PrunariumError):
    """A file is not a valid record. ``faults`` holds all that is wrong with it; the text is the first one.

    ``rest`` is the record without the faulty values, where that is one: its other values can be checked all the same.
    """

    def __init__(self, faults: list[Fault], rest: Record | None = None) -> None:
        self.faults, self.rest = faults, rest
        more = f" ({len(faults) - 1} more; 'prunarium validate' lists all)" if len(faults) > 1 else ""
        super().__init__(f"{faults[0]}{more}")


def field_name(place: Place) -> str:
    """``links.code[0].url``"""
    name = ""
    for part in place:
        name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else part
    return name


def read_text(path: Path, file: str | None = None) -> str:
    """The text of a UTF-8 file. ``file`` is the name that faults show.

    Raises:
        FaultyFileError: the file is not UTF-8, or cannot be read.
    """
    file = file or str(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FaultyFileError([Fault(file, 1, "", f"cannot be read ({error.strerror}); check the path")]) from error
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        words = f"is not UTF-8 (byte 0x{content[error.start]:02x}); save the file in UTF-8"
        raise FaultyFileError([Fault(file, line, "", words)]) from error


def read_yaml(path: Path, model: type[AnyRecord], file: str | None = None) -> AnyRecord:
    """The record in a YAML file.

    Raises:
        FaultyFileError: with every fault of the file.
    """
    file = file or str(path)
    text = read_text(path, file)
    rest = None
    try:
        return model.model_validate(yaml_nodes.load(text))
    except yaml_nodes.DuplicateKeyError:
        faults = _duplicates(text, file)
    except yaml.YAMLError as error:
        faults = [_syntax(error, text, file)]
    except ValidationError as error:
        faults = _in_lines(error.errors(include_url=False), model, text, file)
        rest = _without(error.errors(include_url=False), model, yaml_nodes.load(text))
    except (ValueError, RecursionError) as error:
        words = str(error).splitlines()[0] if str(error) else "nests too deep"
        faults = [Fault(file, 1, "", f"holds a value that YAML cannot read ({words}); put it in quotes")]
    raise FaultyFileError(faults, rest)


def read_json(path: Path, model: type[AnyRecord], file: str | None = None) -> AnyRecord:
    """The record in a JSON file.

    Raises:
        FaultyFileError: with every fault of the file.
    """
    file = file or str(path)
    text = read_text(path, file)
    try:
        return model.model_validate(json.loads(text, object_pairs_hook=_once))
    except yaml_nodes.DuplicateKeyError:
        faults = _duplicates(text, file)
    except json.JSONDecodeError as error:
        faults = [Fault(file, error.lineno, "", f"is not JSON ({error.msg}, column {error.colno}); correct it")]
    except ValidationError as error:
        faults = _in_lines(error.errors(include_url=False), model, text, file)
    except RecursionError:
        faults = [Fault(file, 1, "", "nests too deep; write plain records")]
    raise FaultyFileError(faults)


def _without(errors: list[ErrorDetails], model: type[Record], data: Any) -> Record | None:
    """The record without the fields that have faults, unless one of them is required."""
    if not isinstance(data, dict):
        return None
    faulty = {str(error["loc"][0]) for error in errors if error["loc"]}
    try:
        return model.model_validate({key: value for key, value in data.items() if key not in faulty})
    except ValidationError:
        return None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise yaml_nodes.DuplicateKeyError
    return mapping


def _duplicates(text: str, file: str) -> list[Fault]:
    try:
        found = yaml_nodes.duplicate_keys(yaml_nodes.compose(text))
    except RecursionError:  # an alias that holds itself
        found = []
    words = "stands here a second time; keep one of the two"
    return [Fault(file, line, field_name(place), words) for place, line in found] or [Fault(file, 1, "", words)]


def _syntax(error: yaml.YAMLError, text: str, file: str) -> Fault:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    position = getattr(error, "position", None)
    line = mark.line + 1 if mark else text[: position or 0].count("\n") + 1
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be read"
    words = " ".join(str(problem).split())
    return Fault(file, line, "", f"is not YAML ({words}); correct the line, or put the value in quotes")


def _in_lines(errors: list[ErrorDetails], model: type[Record], text: str, file: str) -> list[Fault]:
    node = yaml_nodes.compose(text)
    faults = []
    for error in errors:
        place = _place(error, node) if node else error["loc"]  # some JSON is no YAML
        union = len(place) < len(error["loc"]) and error["type"] not in ("missing", "value_error")
        words = "holds no plain value; write a text, a number, true, false or a list" if union else None
        faults.append(Fault(file, yaml_nodes.line_of(node, place), field_name(place), words or in_words(error, model)))
    return sorted(set(faults))


def _place(error: ErrorDetails, node: yaml.Node | None) -> Place:
    """Where the fault is in the file: pydantic also names the branches of a union, which are in no file."""
    place: list[str | int] = []
    for part in error["loc"]:
        children: dict[Any, yaml.Node] = {}
        if isinstance(node, yaml.MappingNode):
            children = {getattr(key, "value", None): value for key, value in node.value}
        elif isinstance(node, yaml.SequenceNode):
            children = dict(enumerate(node.value))
        if part not in children and str(part) not in children:
            return (*place, part) if error["type"] == "missing" else place
        node = children.get(part, children.get(str(part)))
        place.append(part)
    return place
