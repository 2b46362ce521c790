"""Pydantic's findings in plain words: what is wrong; what to do. Always one line, never an address of pydantic's."""

import re
from collections.abc import Callable
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from prunarium.errors import did_you_mean
from prunarium.records.base import ARXIV_PATTERN, DATE_PATTERN, DOI_PATTERN, SLUG_PATTERN
from prunarium.records.card import COMMIT_PATTERN

_PATTERNS = {
    SLUG_PATTERN: "is {value}: an id is lower-case words and numbers joined by hyphens; write it so",
    ARXIV_PATTERN: "is {value}: an arXiv id is two digits of the year and two of the month, a dot, and five digits "
    '(four before 2015), without a version; write it as "2210.09461"',
    DOI_PATTERN: "is {value}: a DOI begins with 10. and a number, then a slash; leave out https://doi.org/",
    DATE_PATTERN: "is {value}: a date is a year, a month and a day; write it as YYYY-MM-DD",
    COMMIT_PATTERN: "is {value}: a commit is 40 hexadecimal digits; write the full one",
}


def shown(value: object) -> str:
    """A value as a reader of the file knows it, on one line and short."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a mapping"
    text = " ".join(str(value).split())
    text = text if len(text) <= 60 else f"{text[:57]}..."
    return f"'{text}'" if isinstance(value, str) else text


def model_at(model: type[BaseModel] | None, place: tuple[int | str, ...]) -> type[BaseModel] | None:
    """The model of the mapping at a place of a record."""
    for part in place:
        if isinstance(part, str) and model is not None and part in model.model_fields:
            model = model_in(model.model_fields[part].annotation)
    return model


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that a field holds, alone or in a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := model_in(part))), None)


def _unknown_field(error: ErrorDetails, model: type[BaseModel]) -> str:
    owner = model_at(model, error["loc"][:-1])
    known = owner.model_fields if owner else ()
    return f"is not a known field{did_you_mean(str(error['loc'][-1]), known)}; correct its name or remove it"


def _not_text(error: ErrorDetails, model: type[BaseModel]) -> str:
    value = error["input"]
    if value is None:
        return "is empty; write a text, or remove the line"
    if isinstance(value, bool):
        return f"is {shown(value)} to YAML: this is a text, put it in quotes"
    if isinstance(value, int | float):
        return f"is a number to YAML ({value}): this is a text, put it in quotes"
    return f"is {shown(value)}; write a text"


def _not_listed(error: ErrorDetails, model: type[BaseModel]) -> str:
    expected = str(error.get("ctx", {}).get("expected", ""))
    known = re.findall(r"'([^']*)'", expected) or [expected]
    guess = did_you_mean(str(error["input"]), known)
    return f"is {shown(error['input'])}, which is not a choice{guess}; choose {' or '.join(known)}"


def _pattern(error: ErrorDetails, model: type[BaseModel]) -> str:
    words = _PATTERNS.get(error["ctx"]["pattern"], "is {value}, which has the wrong form; correct it")
    return words.format(value=shown(error["input"]))


def _bound(words: str, limit: str) -> Callable[[ErrorDetails, type[BaseModel]], str]:
    def say(error: ErrorDetails, model: type[BaseModel]) -> str:
        return f"is {shown(error['input'])}; it must be {words} {error['ctx'][limit]}"

    return say


def _instead(wanted: str) -> Callable[[ErrorDetails, type[BaseModel]], str]:
    return lambda error, model: f"is {shown(error['input'])}; write {wanted}"


def _own_words(error: ErrorDetails, model: type[BaseModel]) -> str:
    return error["msg"].removeprefix("Value error, ")


def _missing(error: ErrorDetails, model: type[BaseModel]) -> str:
    return "is missing; add it"


_WORDS: dict[str, Callable[[ErrorDetails, type[BaseModel]], str]] = {
    "missing": _missing,
    "extra_forbidden": _unknown_field,
    "string_type": _not_text,
    "literal_error": _not_listed,
    "string_pattern_mismatch": _pattern,
    "value_error": _own_words,
    "string_unicode": lambda error, model: "holds half of a character (a lone surrogate); write the whole one",
    "string_too_short": _instead("a text, or remove the line"),
    "string_too_long": lambda error, model: f"is too long; use at most {error['ctx']['max_length']} characters",
    "int_type": _instead("a whole number, without quotes"),
    "float_type": _instead("a number, without quotes"),
    "finite_number": _instead("a finite number"),
    "bool_type": _instead("true or false, without quotes"),
    "list_type": _instead("a list: each value on a line of its own, after '- '"),
    "dict_type": _instead("a mapping: 'field: value' lines below the name, indented by two spaces"),
    "model_type": _instead("a mapping: 'field: value' lines"),
    "greater_than_equal": _bound("at least", "ge"),
    "greater_than": _bound("more than", "gt"),
    "less_than_equal": _bound("at most", "le"),
    "less_than": _bound("less than", "lt"),
    "too_short": lambda error, model: f"has too few values; give at least {error['ctx']['min_length']}",
    "too_long": lambda error, model: f"has too many values; give at most {error['ctx']['max_length']}",
    "invalid_key": lambda error, model: "is not a text; put the name of the field in quotes",
}


def in_words(error: ErrorDetails, model: type[BaseModel]) -> str:
    """What is wrong and what to do, for one finding of pydantic's about a record of ``model``."""
    say = _WORDS.get(error["type"])
    if say:
        return " ".join(say(error, model).split())
    return f"is {shown(error['input'])}: {error['msg'].splitlines()[0]}; correct it"
