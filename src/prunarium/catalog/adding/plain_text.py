"""Titles and names as the APIs give them, in plain text: without HTML, MathML and TeX."""

import logging
import re
from contextlib import suppress
from html import unescape

from pylatexenc.latex2text import LatexNodes2Text  # type: ignore[import-untyped]

logging.getLogger("pylatexenc").setLevel(logging.ERROR)  # it warns of broken TeX, which is no news to a reader

_TAG = re.compile(r"</?[A-Za-z][\w:.-]*(?:\s[^<>]*)?/?>")
_TEX = re.compile(r"\\|\$[^$]+\$|\{[^{}]*\}")
_MEANT = re.compile(r"(?<!\\)[%&#]")
"""Marks that TeX would take for a comment, a column or a parameter, and that titles mean as they are."""


def plain_text(text: str) -> str:
    """The text on one line: tags left out, entities and TeX commands replaced by what they stand for."""
    text = unescape(_TAG.sub("", unescape(text)))  # Crossref often escapes twice
    if _TEX.search(text):
        with suppress(LookupError):  # TeX that is broken stays as it was written
            text = LatexNodes2Text(math_mode="text").latex_to_text(_MEANT.sub(r"\\\g<0>", text))
    kept = "".join(mark if mark.isprintable() or mark.isspace() else "" for mark in text)
    return " ".join(kept.split())
