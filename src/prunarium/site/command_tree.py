"""The commands of the command line with their options, read from the commands themselves."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from typer.main import get_command


@dataclass(frozen=True)
class Option:
    """An argument or an option, as ``--help`` shows it."""

    name: str
    help: str


@dataclass(frozen=True)
class Command:
    """A command that can be run: its words, such as ``site build``, and its help."""

    name: str
    group: str
    usage: str
    text: str
    arguments: tuple[Option, ...]
    options: tuple[Option, ...]

    @property
    def id(self) -> str:
        """Its anchor on a page."""
        return self.name.replace(" ", "-")


def commands() -> list[Command]:
    """Every command, in the order of its help."""
    # The command line imports the site; the site finds the command line as a shell does, by the package's entry point.
    (entry,) = entry_points(group="console_scripts", name="prunarium")
    tree = get_command(import_module(entry.module).app)
    return list(_commands(tree, tree.make_context("prunarium", [], resilient_parsing=True), ""))


def _commands(command: Any, context: Any, group: str) -> Iterator[Command]:
    if hasattr(command, "list_commands"):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if not inner.hidden:
                below = inner.make_context(name, [], parent=context, resilient_parsing=True)
                yield from _commands(inner, below, group or inner.rich_help_panel or "")
        return
    shown: dict[str, list[Option]] = {"argument": [], "option": []}
    for parameter in command.get_params(context):
        if record := parameter.get_help_record(context):
            shown[parameter.param_type_name].append(Option(record[0], " ".join(record[1].split())))
    words = context.command_path.removeprefix("prunarium ")
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield Command(words, group, usage, command.help or "", tuple(shown["argument"]), tuple(shown["option"]))
