"""Every command that chooses papers takes the same filters."""

import inspect

import pytest
import typer

from prunarium.cli import app
from prunarium.cli.filters import _choose, choosing_papers

FILTERS = list(inspect.signature(_choose).parameters)


def options(name: str) -> list[str]:
    group = typer.main.get_command(app)
    command = group.commands[name]  # type: ignore[attr-defined]
    return [parameter.name for parameter in command.params]


@pytest.mark.parametrize("name", ["papers", "cite", "export", "stats"])
def test_a_command_takes_every_filter(name: str) -> None:
    assert options(name)[-len(FILTERS) :] == FILTERS


def test_a_command_keeps_its_own_options_name_and_help() -> None:
    @choosing_papers
    def count(chosen: object, long: bool = False) -> None:
        """Count them."""

    assert (count.__name__, count.__doc__) == ("count", "Count them.")
    assert list(inspect.signature(count).parameters) == ["long", *FILTERS]
    assert "chosen" not in count.__annotations__
