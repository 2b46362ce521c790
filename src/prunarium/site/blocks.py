"""The building blocks that a method is made of."""

import ast
from pathlib import Path

from prunarium.errors import PrunariumError

_OPS = "prunarium.ops"


def blocks_of(file: Path) -> tuple[str, ...]:
    """What a method imports of ``prunarium.ops``, without running it.

    Raises:
        PrunariumError: the file is not there, or is no Python.
    """
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError) as error:
        raise PrunariumError(f"{file}: cannot be read as Python: {error}") from error
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == _OPS)
    return tuple(sorted({name.name for node in imports for name in node.names}))
