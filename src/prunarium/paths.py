"""Where the catalogue and the method folders are: in a clone, or inside the installed package."""

from pathlib import Path

_PACKAGE = Path(__file__).parent
_CLONE = _PACKAGE.parent.parent


def root() -> Path:
    """The folder that holds ``catalog/`` and ``methods/``."""
    return _CLONE if in_clone() else _PACKAGE / "data"


def in_clone() -> bool:
    """Whether this is a clone: what is installed is not to be written into."""
    return (_CLONE / "catalog").is_dir() and (_CLONE / "pyproject.toml").is_file()
