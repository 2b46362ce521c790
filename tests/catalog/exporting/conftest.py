"""The project's own catalogue, and papers whose texts are hostile to every format."""

from functools import cache

import pytest
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from prunarium.catalog import Catalogue, load
from prunarium.records import Paper
from prunarium.records.base import Text

_MARKS = "\\{}[]()<>&%$#_~^*|`'\"-=+@!?.,;:/ \u00a0\u2028éÑøĐ中文🌱ToMe 3D"
_LINE = TypeAdapter(Text)


def _is_text(words: str) -> bool:
    try:
        return _LINE.validate_python(words) == words
    except ValidationError:
        return False


_CHARACTERS = st.sampled_from(_MARKS) | st.characters(exclude_categories=["Cc", "Cs"])
TEXTS = st.text(_CHARACTERS, min_size=1, max_size=40).filter(lambda words: bool(words.split()) and _is_text(words))
"""What a record takes for a title or a name, made of what formats mean something by."""


def one_line(words: str) -> str:
    """What formats keep of a text: blanks of any kind are one space."""
    return " ".join(words.split())


@cache
def own() -> Catalogue:
    """The project's own catalogue, read once."""
    return load()


def changed(**values: object) -> Paper:
    """ToMe's record with other values."""
    return own().paper("tome").model_copy(update=values)


@pytest.fixture
def catalogue() -> Catalogue:
    return own()
