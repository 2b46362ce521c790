"""What every record has in common: unknown keys are errors, strings are strings, records do not change."""

import re
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

SLUG_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*$"
SLUG_LENGTH = 80
_UNTIL_2014 = r"(?:07(?:0[4-9]|1[0-2])|(?:0[89]|1[0-4])(?:0[1-9]|1[0-2]))\.[0-9]{4}"
_SINCE_2015 = r"(?:1[5-9]|[23][0-9])(?:0[1-9]|1[0-2])\.[0-9]{5}"
ARXIV = f"(?:{_UNTIL_2014}|{_SINCE_2015})"
"""An arXiv id: year and month, a dot, four digits or, from 2015 on, five."""
DOI = r"10\.[0-9]{4,9}/\S+"
ARXIV_PATTERN = f"^{ARXIV}$"
DOI_PATTERN = f"^{DOI}$"
DATE_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_MARKUP = re.compile(r"<[A-Za-z/!?]")
_SCRIPT = re.compile(r"\b(?:javascript|data|vbscript):(?=\S)", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  # all of Unicode's, but the line feed
_NOT_IN_WEB = re.compile(r"[<>\"'`\\]")
_WEB = re.compile(r"https?://[^\s/?#]+\S*")


class Record(BaseModel):
    """A validated piece of a YAML or JSON file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _plain(text: str) -> str:
    if _MARKUP.search(text):
        raise ValueError("holds HTML markup; write plain text (with a space after a '<' that means less than)")
    if found := _SCRIPT.search(text):
        raise ValueError(f"holds '{found[0]}', which browsers may run; write plain text (with a space after the colon)")
    if _CONTROL.search(text):
        raise ValueError("holds a control character; remove it")
    return text


def _quoted(value: object) -> object:
    if isinstance(value, int | float):
        raise ValueError(f"is a number to YAML ({value}): identifiers are strings, put it in quotes")
    return value


def _day(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError as error:
        raise ValueError("is no day of the calendar; correct it") from error
    return text


def _web(url: str) -> str:
    if not url.startswith(("https://", "http://")):
        raise ValueError("is not a web address; it must begin with https:// or http://")
    if not _WEB.fullmatch(url) or _NOT_IN_WEB.search(url) or not url.isprintable():
        raise ValueError("holds a character that no web address has (space, quote or angle bracket); correct it")
    return url


Slug = Annotated[str, StringConstraints(pattern=SLUG_PATTERN, max_length=SLUG_LENGTH)]
"""An id: lower-case words joined by hyphens. It is also the file name."""

Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True), AfterValidator(_plain)]
"""Plain text: no markup."""

Url = Annotated[str, AfterValidator(_web), Field(json_schema_extra={"pattern": "^https?://"})]

Identifier = Annotated[str, BeforeValidator(_quoted)]
"""An outside identifier. Unquoted YAML turns many of them into numbers, which is refused."""

ArxivId = Annotated[str, StringConstraints(pattern=ARXIV_PATTERN), BeforeValidator(_quoted)]
"""An arXiv id without its version, such as ``"2210.09461"``."""

Doi = Annotated[str, StringConstraints(pattern=DOI_PATTERN, to_lower=True), BeforeValidator(_quoted)]

Date = Annotated[str, StringConstraints(pattern=DATE_PATTERN), AfterValidator(_day)]
"""A day, as YYYY-MM-DD."""
