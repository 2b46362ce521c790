"""The public Python names with their docstrings, from the source: nothing is imported, torch need not be there."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import griffe

import prunarium

PACKAGES = ("prunarium", "prunarium.catalog", "prunarium.families", "prunarium.ops", "prunarium.registry")
_OPERATORS = {"__add__": "+"}


@dataclass(frozen=True)
class Row:
    """A parameter, an attribute or an error: its name, its type, its default, and what the docstring says of it."""

    name: str
    type: str
    default: str
    text: str


@dataclass(frozen=True)
class Name:
    """A function, a class, a property or a constant.

    Attributes:
        kind: ``function``, ``class``, ``property`` or ``constant``.
        signature: as one reads it in the source.
        text: what the docstring says, in Markdown.
        rows: parameters of a function, attributes of a class.
        members: public methods and properties of a class that have a docstring of their own.
        bases: names of the classes it is made from, as far as they are public too.
    """

    name: str
    kind: str
    signature: str
    text: str
    rows: tuple[Row, ...] = ()
    raises: tuple[Row, ...] = ()
    members: tuple["Name", ...] = ()
    bases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Package:
    """A package and its public names, functions first as ``__all__`` has them."""

    name: str
    text: str
    names: tuple[Name, ...]


@cache
def packages() -> tuple[Package, ...]:
    """The public packages, each with what its ``__all__`` lists."""
    folder = Path(prunarium.__file__).parent.parent
    tree = griffe.load("prunarium", search_paths=[folder], docstring_parser="google", allow_inspection=False)
    return tuple(_package(tree if name == "prunarium" else tree[name.removeprefix("prunarium.")]) for name in PACKAGES)


def _package(module: Any) -> Package:
    public = [str(name) for name in module.exports]
    names = tuple(_name(name, module[name], set(public)) for name in public)
    return Package(module.canonical_path, _text(module), names)


def _name(name: str, found: Any, public: set[str]) -> Name:
    found = found.final_target if found.is_alias else found
    found = found[name] if found.is_module else found  # ops.sinkhorn is a module, and the function in it
    if found.is_class:
        return _class(name, found, public)
    if found.is_function:
        return Name(name, "function", _signature(name, found), _text(found), _parameters(found), _raises(found))
    return Name(name, "constant", f"{name} = {found.value}", _text(found))


def _class(name: str, found: Any, public: set[str]) -> Name:
    bases = tuple(str(base) for base in found.bases)
    members = tuple(_members(name, found))
    head = f"class {name}({', '.join(bases)})" if bases else f"class {name}"
    shown = tuple(base for base in bases if base in public)
    return Name(name, "class", head, _text(found), tuple(_attributes(found)), _raises(found), members, shown)


def _members(owner: str, found: Any) -> Iterator[Name]:
    """What a class adds to its bases: an override without a docstring does what the base says."""
    for name, member in found.members.items():
        if not member.has_docstring or (name.startswith("_") and name not in _OPERATORS):
            continue
        if member.is_function:
            signature = _signature(f"{owner}.{name}", member)
            if operator := _OPERATORS.get(name):
                signature = f"{owner} {operator} {owner} -> {member.returns}"
            yield Name(name, "function", signature, _text(member), _parameters(member), _raises(member))
        elif "property" in member.labels:
            yield Name(name, "property", f"{owner}.{name}: {member.annotation}", _text(member), (), _raises(member))


def _signature(name: str, function: Any) -> str:
    head = function.signature(return_type=False, name=name)
    return f"{head} -> {function.returns}" if function.returns is not None else head


def _text(found: Any) -> str:
    return "\n\n".join(section.value for section in _sections(found) if section.kind.value == "text")


def _sections(found: Any) -> list[Any]:
    return list(found.docstring.parsed) if found.docstring else []


def _parameters(function: Any) -> tuple[Row, ...]:
    said = [section.value for section in _sections(function) if section.kind.value == "parameters"]
    defaults = {one.name: one.default for one in function.parameters}
    return tuple(
        Row(one.name, str(one.annotation or ""), str(defaults.get(one.name) or ""), one.description)
        for rows in said
        for one in rows
    )


def _raises(found: Any) -> tuple[Row, ...]:
    said = [section.value for section in _sections(found) if section.kind.value == "raises"]
    return tuple(Row(str(one.annotation), "", "", one.description) for rows in said for one in rows)


def _attributes(found: Any) -> Iterator[Row]:
    """What the docstring names, then the fields that carry a description of their own."""
    said = {
        one.name: one.description
        for section in _sections(found)
        if section.kind.value == "attributes"
        for one in section.value
    }
    for name, member in found.members.items():
        if name in said:
            yield Row(name, str(member.annotation or ""), _default(member.value), said.pop(name))
        elif (text := _description(member)) is not None:
            yield Row(name, _bare(str(member.annotation)), _default(member.value), text)
    for name, text in said.items():
        yield Row(name, "", "", text)


def _call(value: Any) -> ast.Call | None:
    tree = ast.parse(str(value), mode="eval").body
    return tree if isinstance(tree, ast.Call) and ast.unparse(tree.func) == "Field" else None


def _description(member: Any) -> str | None:
    """What a pydantic field says of itself."""
    call = _call(member.value) if member.is_attribute and member.value is not None else None
    said = next((one.value for one in call.keywords if one.arg == "description"), None) if call else None
    return _string(said, member.module) if said is not None else None


def _string(node: ast.expr, module: Any) -> str:
    """What a string of the source says; a name is a constant of the module, or one that it imports."""
    if isinstance(node, ast.JoinedStr):
        return "".join(_string(part, module) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        node = node.value
    if isinstance(node, ast.Name):
        constant = module[node.id]
        constant = constant.final_target if constant.is_alias else constant
        return _string(ast.parse(str(constant.value), mode="eval").body, constant.module)
    return str(ast.literal_eval(node))


def _default(value: Any) -> str:
    if value is None:
        return ""
    call = _call(value)
    return str(value) if call is None else ast.unparse(call.args[0]) if call.args else ""


def _bare(annotation: str) -> str:
    """``float`` of ``Annotated[float, Field(...)]``."""
    tree = ast.parse(annotation, mode="eval").body
    if isinstance(tree, ast.Subscript) and ast.unparse(tree.value) == "Annotated" and isinstance(tree.slice, ast.Tuple):
        return ast.unparse(tree.slice.elts[0])
    return annotation
