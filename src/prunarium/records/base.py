"""What every record has in common: unknown keys are errors, strings are strings, records do not change."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints


class Record(BaseModel):
    """A validated piece of a YAML or JSON file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _plain(text: str) -> str:
    if "<" in text and ">" in text.split("<", 1)[1]:
        raise ValueError("holds HTML markup; write plain text")
    return text


def _quoted(value: object) -> object:
    if isinstance(value, int | float):
        raise ValueError(f"is a number to YAML ({value}): identifiers are strings, put it in quotes")
    return value


def _web(url: str) -> str:
    if not url.startswith(("https://", "http://")):
        raise ValueError("is not a web address; it must begin with https:// or http://")
    if any(mark in url for mark in " <>\"'`\n"):
        raise ValueError("holds a character that no web address has (space, quote or angle bracket)")
    return url


Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]
"""An id: lower-case words joined by hyphens. It is also the file name."""

Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True), AfterValidator(_plain)]
"""Plain text: no markup."""

Url = Annotated[str, AfterValidator(_web)]

Identifier = Annotated[str, BeforeValidator(_quoted)]
"""An outside identifier. Unquoted YAML turns many of them into numbers, which is refused."""

ArxivId = Annotated[Identifier, StringConstraints(pattern=r"^\d{4}\.\d{4,5}$")]
"""An arXiv id without its version, such as ``"2210.09461"``."""

Doi = Annotated[Identifier, StringConstraints(pattern=r"^10\.\d{4,9}/\S+$", to_lower=True)]

