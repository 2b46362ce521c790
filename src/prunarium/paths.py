"""Where the catalogue and the method folders are: in a clone, or inside the installed package."""

from pathlib import Path

_PACKAGE = Path(__file__).parent
_CLONE = _PACKAGE.parent.parent


def root() -> Path:
    """The folder that holds ``catalog/`` and ``methods/``."""
    in_clone = (_CLONE / "catalog").is_dir() and (_CLONE / "pyproject.toml").is_file()
    return _CLONE if in_clone else _PACKAGE / "data"
