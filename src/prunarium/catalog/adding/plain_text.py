"""Titles and names as the APIs give them, in plain text: without HTML, MathML and TeX."""

import re
from html import unescape
from html.parser import HTMLParser

from pylatexenc.latex2text import LatexNodes2Text  # type: ignore[import-untyped]

_TEX = re.compile(r"\\|\$[^$]+\$|\{[^{}]*\}")
_TAG = re.compile(r"</?[A-Za-z][\w:.-]*(?:\s[^<>]*)?/?>")
_MEANT = re.compile(r"(?<!\\)[%&#]")
"""Marks that TeX would take for a comment, a column or a parameter, and that titles mean as they are."""


def plain_text(text: str) -> str:
    """The text on one line: tags left out, entities and TeX commands replaced by what they stand for."""
    text = _without_tags(unescape(text))
    if _TEX.search(text):
        text = LatexNodes2Text(math_mode="text").latex_to_text(_MEANT.sub(r"\\\g<0>", text))
    kept = "".join(mark if mark.isprintable() or mark.isspace() else "" for mark in text)
    return " ".join(kept.split())


class _Words(HTMLParser):
    """Keeps what stands between tags."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words = ""

    def handle_data(self, data: str) -> None:
        """Keep a piece of text."""
        self.words += data


def _without_tags(text: str) -> str:
    if not _TAG.search(text):
        return unescape(text)
    reader = _Words()
    reader.feed(text)
    reader.close()
    return reader.words
