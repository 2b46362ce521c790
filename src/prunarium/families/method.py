"""What every method of the registry is, wherever it acts: a frozen set of parameters."""

from abc import ABC
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from prunarium.errors import PrunariumError, did_you_mean
from prunarium.records import Family


class Method(BaseModel, ABC):
    """A method of the registry. Its fields are its parameters; its repr is the record of what ran.

    Attributes:
        families: where it acts.
        needs: what it reads of the attention.
        adaptive: whether the number of tokens left depends on the data.
        asks: whether something besides parameters must be given to it before it runs; its docstring says what.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    families: ClassVar[tuple[Family, ...]]
    needs: ClassVar[frozenset[str]] = frozenset()
    adaptive: ClassVar[bool] = False
    asks: ClassVar[bool] = False


def as_error(problem: Any, method: type[Method], name: str) -> PrunariumError:
    """The first fault of a pydantic ``ValidationError``, as one line."""
    fault = problem.errors()[0]
    field = str(fault["loc"][0]) if fault["loc"] else "parameters"
    known = ", ".join(method.model_fields) or "none"
    if fault["type"] == "extra_forbidden":
        hint = did_you_mean(field, method.model_fields)
        return PrunariumError(f"{name} has no parameter '{field}'{hint}; its parameters: {known}")
    reason = fault["msg"].removeprefix("Value error, ").lower()
    description = method.model_fields[field].description if field in method.model_fields else None
    meaning = f"; {field}: {description}" if description else ""
    return PrunariumError(f"{name}: {field}={fault['input']!r}: {reason}{meaning}")
