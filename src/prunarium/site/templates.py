"""Renders the templates beside this module. Every value is escaped, but for the drawings that ``inline_svg`` made."""

import json
from collections.abc import Sequence
from functools import cache
from html import escape

from jinja2 import Environment, PackageLoader, StrictUndefined

from prunarium.bench import wording
from prunarium.site import numbers


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
    environment.filters |= {made.__name__: made for made in (*shared, *own)}
    return environment


def document(
    template: str,
    title: str,
    description: str,
    up: str,
    hide: Sequence[str] = ("navigation", "toc"),
    **values: object,
) -> bytes:
    """A Markdown file whose body is one block of HTML, which Markdown leaves alone.

    Args:
        template: name of the template.
        title: of the browser window; empty for the name of the site alone.
        description: for search engines.
        up: relative path from the page to the root of the site, such as ``../``.
        hide: parts of the theme that the page does without.
        values: what the template shows.
    """
    # The theme copies these two into HTML as they are: they have to be escaped here. JSON is valid YAML.
    head = {"title": escape(title), "description": escape(" ".join(description.split()))}
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in head.items() if value]
    body = _environment().get_template(template).render(up=up, title=title, **values)
    hidden = "".join(f"  - {part}\n" for part in hide)
    return f"---\n{''.join(lines)}hide:\n{hidden}---\n\n{body}\n".encode()
