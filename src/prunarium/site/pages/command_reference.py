"""The reference of the command line, from its own help."""

from itertools import groupby

from prunarium.site.command_tree import commands
from prunarium.site.content import Content
from prunarium.site.templates import document


def pages(_: Content) -> dict[str, bytes]:
    """One page with every command."""
    found = commands()
    order = list(dict.fromkeys(command.group for command in found))
    found.sort(key=lambda command: order.index(command.group))
    groups = [(group, list(members)) for group, members in groupby(found, key=lambda command: command.group)]
    page = document(
        "command_reference.html",
        "Command line",
        "Every command of prunarium with its arguments, options and defaults.",
        "../../",
        hide=("toc",),
        groups=groups,
    )
    return {"reference/commands.md": page}
