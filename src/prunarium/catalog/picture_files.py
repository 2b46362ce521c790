"""Pictures as files: PNG or SVG, drawn with matplotlib where it is installed, written whole or not at all."""

import warnings
from io import BytesIO
from pathlib import Path
from typing import Any

from prunarium.catalog.writing import write_bytes
from prunarium.errors import PrunariumError

SUFFIXES = (".png", ".svg")


def check_path(path: Path, option: str, suffixes: tuple[str, ...] = SUFFIXES) -> None:
    """Refuse a picture that could not be drawn or written, before any work is done.

    Raises:
        PrunariumError: the path is a folder or has another ending, or matplotlib is not installed.
    """
    if path.is_dir() or not path.name.lower().endswith(suffixes):
        endings = " or ".join([", ".join(suffixes[:-1]), suffixes[-1]] if suffixes[1:] else suffixes)
        raise PrunariumError(f"{option} {path}: give the path of a {endings} file")
    if path.name.lower().endswith(SUFFIXES):
        check_matplotlib(option)


def check_matplotlib(option: str) -> None:
    """Say what to install where matplotlib is missing.

    Raises:
        PrunariumError: it is.
    """
    try:
        import matplotlib  # noqa: F401
    except ModuleNotFoundError as error:
        raise PrunariumError(
            f"{option} needs matplotlib, which is not installed: pip install 'prunarium[methods]'"
        ) from error


def rendered(figure: Any, suffix: str, dots_per_inch: int = 120) -> bytes:
    """A figure as the content of a file. The text of an SVG stays text, and the same figure gives the same bytes."""
    from matplotlib import rc_context

    content = BytesIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "prunarium"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # a name may be in any script
        metadata = {"Date": None} if suffix == ".svg" else {}
        figure.savefig(content, format=suffix.removeprefix("."), dpi=dots_per_inch, metadata=metadata)
    return content.getvalue()


def write(content: bytes, path: Path, option: str) -> Path:
    """Write a picture.

    Raises:
        PrunariumError: it cannot be written.
    """
    write_bytes(path, content, f"{option} {path}", "give another path")
    return path
