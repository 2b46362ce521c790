"""The command line's one application object. Commands import what they need when they run, so that help is fast."""

from typing import Any

import typer
from typer.core import TyperGroup

FIND, MEASURE, COMPARE = "Find and cite papers", "Run and measure methods", "Compare scores"
CURATE, SITE = "Keep the catalogue", "Build the site"
_ORDER = (FIND, MEASURE, COMPARE, CURATE, SITE)


class _Grouped(TyperGroup):
    """Commands in the order of what they are for."""

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(super().list_commands(ctx), key=self._place)

    def _place(self, name: str) -> int:
        group = getattr(self.commands[name], "rich_help_panel", None)
        return _ORDER.index(group) if group in _ORDER else len(_ORDER)


app = typer.Typer(
    name="prunarium",
    cls=_Grouped,
    help="Papers on making transformers cheaper, and their methods, ready to run.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
