"""Files of several makers in one set, where no two may want the same path."""

from collections.abc import Iterable, Mapping

from prunarium.errors import PrunariumError


def merged(sets: Iterable[Mapping[str, bytes]]) -> dict[str, bytes]:
    """All files, by their path.

    Raises:
        PrunariumError: two of them want one path.
    """
    files: dict[str, bytes] = {}
    for one in sets:
        for path, made in one.items():
            if path in files:
                raise PrunariumError(f"{path}: two generated files want this path; rename the record of one")
            files[path] = made
    return files
