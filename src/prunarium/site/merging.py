"""Files of several makers in one set, where no two may want the same path."""

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from prunarium.errors import PrunariumError


def merged(sets: Iterable[Mapping[str, bytes]]) -> dict[str, bytes]:
    """All files, by their path.

    Raises:
        PrunariumError: two of them want one path, or would be one page.
    """
    files: dict[str, bytes] = {}
    taken: set[str] = set()
    for one in sets:
        for path, made in one.items():
            if rendered(path) in taken:
                raise PrunariumError(f"{path}: two generated files want this path; rename the record of one")
            taken.add(rendered(path))
            files[path] = made
    return files


def rendered(path: str) -> str:
    """Where the engine puts a file of the docs tree: ``a.md`` and ``a/index.md`` are one page."""
    file = PurePosixPath(path)
    if file.suffix != ".md":
        return path
    folder = file.parent if file.stem in ("index", "README") else file.with_suffix("")
    return (folder / "index.html").as_posix()
