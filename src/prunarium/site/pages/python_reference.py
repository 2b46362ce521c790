"""The Python reference: one page for each public package, from its docstrings."""

from prunarium.site.content import Content
from prunarium.site.python_api import Package, packages
from prunarium.site.templates import document


def pages(_: Content) -> dict[str, bytes]:
    """The start with ``prunarium`` itself, and a page for each package below it."""
    first, *rest = packages()
    homes = {name.name: _place(package) for package in rest for name in package.names}
    return {f"reference/{_place(package)}.md": _page(package, rest, homes) for package in (first, *rest)}


def _place(package: Package) -> str:
    """``python`` for the whole, ``families`` for ``prunarium.families``."""
    return package.name.partition(".")[2] or "python"


def _page(package: Package, below: list[Package], homes: dict[str, str]) -> bytes:
    return document(
        "python_reference.html",
        package.name,
        f"Every public name of {package.name}: what it does, what it takes, what it raises.",
        "../../",
        hide=("toc",),
        package=package,
        below=below if package.name == "prunarium" else [],
        homes=homes,
    )
