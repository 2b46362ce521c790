"""Renders the templates beside this module. Every value is escaped, but for drawings, which escape their own."""

import json
from collections.abc import Sequence
from functools import cache
from html import escape

from jinja2 import Environment, PackageLoader, StrictUndefined

from prunarium.bench import wording
from prunarium.site import numbers
from prunarium.site.markdown_text import from_markdown
from prunarium.site.snippets import one_line
from prunarium.site.year_bars import year_bars


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("prunarium.site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    shared = (wording.macs, wording.megabytes, wording.percent)
    own = (numbers.points, numbers.milliseconds, numbers.ratio, numbers.plain, numbers.setting, numbers.results)
    made_here = (numbers.kilobytes, year_bars, from_markdown, one_line)
    environment.filters |= {made.__name__: made for made in (*shared, *own, *made_here)}
    return environment


def document(
    template: str,
    title: str,
    description: str,
    up: str,
    hide: Sequence[str] = ("navigation", "toc"),
    citation: Sequence[tuple[str, str]] = (),
    **values: object,
) -> bytes:
    """A Markdown file whose body is one block of HTML, which Markdown leaves alone.

    Args:
        template: name of the template.
        title: of the browser window; empty for the name of the site alone.
        description: for search engines.
        up: relative path from the page to the root of the site, such as ``../``.
        hide: parts of the theme that the page does without.
        citation: tags for reference managers, which ``site/overrides`` puts into the head of the page.
        values: what the template shows.
    """
    # The theme copies these two into HTML as they are: they have to be escaped here. JSON is valid YAML.
    head = {"title": escape(title), "description": escape(" ".join(description.split()))}
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in head.items() if value]
    if citation:  # the override escapes it; until then nothing in it looks like markup
        lines.append(f"citation: {json.dumps(citation, ensure_ascii=False)}\n".replace("<", r"\u003c"))
    body = _environment().get_template(template).render(up=up, title=title, **values)
    hidden = "".join(f"  - {part}\n" for part in hide)
    return f"---\n{''.join(lines)}hide:\n{hidden}---\n\n{body}\n".encode()
