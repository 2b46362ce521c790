"""``--output``: a file that commands write instead of printing."""

from pathlib import Path

from prunarium.errors import PrunariumError

_ADVICE = "give another path"


def check_output(path: Path, force: bool) -> None:
    """Refuse a file that must not be written, before any work is done.

    Raises:
        PrunariumError: it is a folder, or exists and ``force`` is not given.
    """
    from prunarium.catalog.writing import in_one_line

    with in_one_line(f"--output {path}", _ADVICE):
        if path.is_dir():
            raise PrunariumError(f"--output {path}: is a folder; give the path of a file")
        if path.exists() and not force:
            raise PrunariumError(f"--output {path}: exists already; give another path, or --force to overwrite it")


def write_output(path: Path, content: bytes) -> None:
    """Write the file, whole or not at all.

    Raises:
        PrunariumError: it cannot be written.
    """
    from prunarium.catalog.writing import write_bytes

    write_bytes(path, content, f"--output {path}", _ADVICE)
