"""A method's parameters as table rows, from its pydantic fields."""

import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from prunarium import registry
from prunarium.errors import PrunariumError

_SIGNS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<", "multiple_of": "multiple of"}


@dataclass(frozen=True)
class Parameter:
    """One row."""

    name: str
    type: str
    default: str
    bounds: str
    description: str


@dataclass(frozen=True)
class Parameters:
    """The rows, or why there are none to show."""

    rows: tuple[Parameter, ...]
    missing: str | None = None


def parameters_of(folder: str) -> Parameters:
    """The parameters of the method in a folder. Without the packages that methods need, the reason instead.

    Raises:
        PrunariumError: the folder holds no method.
    """
    try:
        kind = registry.load_class(folder)
    except (ModuleNotFoundError, PrunariumError) as error:
        missing = error if isinstance(error, ModuleNotFoundError) else error.__cause__
        if not isinstance(missing, ModuleNotFoundError):
            raise
        return Parameters((), f"{missing.name} is not installed where this site was built")
    return Parameters(tuple(rows_of(kind)))


def rows_of(kind: type[BaseModel]) -> Iterator[Parameter]:
    """One row for each field."""
    for name, field in kind.model_fields.items():
        default = "required" if field.is_required() else repr(field.get_default(call_default_factory=True))
        yield Parameter(name, type_name(field.annotation), default, bounds(field), field.description or "")


def type_name(annotation: Any) -> str:
    """``int | list[int]``: an annotation as one writes it, without its bounds."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return type_name(arguments[0])
    if origin in (Union, types.UnionType):
        return " | ".join(type_name(argument) for argument in arguments)
    if origin is Literal:
        return " | ".join(repr(argument) for argument in arguments)
    if origin is not None:
        return f"{type_name(origin)}[{', '.join(type_name(argument) for argument in arguments)}]"
    if annotation is type(None):
        return "None"
    return "..." if annotation is Ellipsis else getattr(annotation, "__name__", str(annotation))


def bounds(field: FieldInfo) -> str:
    """``int: ≥ 0; float: ≥ -1, ≤ 1``; the type is left out where the field has only one."""
    found = dict.fromkeys(_limits(field.annotation, field.metadata))
    if len({name for name, _ in found}) == 1:
        return ", ".join(limits for _, limits in found)
    return "; ".join(f"{name}: {limits}" for name, limits in found)


def _limits(annotation: Any, metadata: Any) -> Iterator[tuple[str, str]]:
    """Each bounded part of an annotation: its type, and its limits."""
    limits = ", ".join(_signs(metadata))
    if limits:
        yield type_name(annotation), limits
    arguments = get_args(annotation)
    if get_origin(annotation) is Annotated:
        yield from _limits(arguments[0], arguments[1:])
    elif get_origin(annotation) is not Literal:
        for argument in arguments:
            yield from _limits(argument, ())


def _signs(metadata: Any) -> Iterator[str]:
    for constraint in metadata:
        inner = constraint.metadata if isinstance(constraint, FieldInfo) else [constraint]
        for limit in inner:
            for attribute, sign in _SIGNS.items():
                value = getattr(limit, attribute, None)
                if value is not None:
                    yield f"{sign} {value}"
            if getattr(limit, "min_length", None) is not None:
                yield f"at least {limit.min_length}"
            if getattr(limit, "max_length", None) is not None:
                yield f"at most {limit.max_length}"
