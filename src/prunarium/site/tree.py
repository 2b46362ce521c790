"""A folder that mirrors a set of generated files: only what changed is written, what no longer belongs is removed."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from prunarium.catalog.writing import write_bytes
from prunarium.errors import PrunariumError

LISTING = ".prunarium"
"""Names the files written last time, one on each line, so that nobody else's file is ever removed."""


@dataclass(frozen=True)
class Counts:
    """What a docs tree holds. ``without`` says what the site of it goes without, and why."""

    papers: int
    methods: int
    pages: int
    without: str = ""


def mirror(files: Mapping[str, bytes], out: Path) -> None:
    """Make ``out`` hold these files, given by their path below it. An unchanged file keeps its time stamp.

    Raises:
        PrunariumError: the folder cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        earlier = _listed(out)
        for name, content in files.items():
            _write(out / name, content)
        for name in sorted(earlier - set(files)):
            _remove(out, name)
        _write(out / LISTING, "".join(f"{name}\n" for name in sorted(files)).encode())
    except OSError as error:
        raise unwritable(out, error) from error


def unwritable(out: Path, error: OSError) -> PrunariumError:
    """The one line for a folder that cannot be written."""
    reason = (error.strerror or str(error)).lower()
    return PrunariumError(f"{out}: cannot be written ({reason}); make it writable or choose another folder")


def _listed(out: Path) -> set[str]:
    listing = out / LISTING
    return set(listing.read_text(encoding="utf-8").splitlines()) if listing.is_file() else set()


def _write(path: Path, content: bytes) -> None:
    if not path.is_file() or path.read_bytes() != content:
        write_bytes(path, content)


def _remove(out: Path, name: str) -> None:
    path = out / name
    if out.resolve() not in path.resolve().parents:
        return
    path.unlink(missing_ok=True)
    for folder in path.parents:
        if folder == out or not folder.is_dir() or any(folder.iterdir()):
            break
        folder.rmdir()
