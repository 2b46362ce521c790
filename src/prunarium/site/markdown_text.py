"""Docstrings and help texts as HTML: they are written in the Markdown that reads well as plain text."""

from markdown_it import MarkdownIt
from markupsafe import Markup

_MARKDOWN = MarkdownIt("commonmark", {"html": False})


def from_markdown(text: str) -> Markup:
    """Paragraphs, lists and code; HTML in the text is shown, not obeyed."""
    return Markup(_MARKDOWN.render(text))
