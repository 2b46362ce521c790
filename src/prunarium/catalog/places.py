"""Which file of the tree holds what, and which schema it names on its first line."""

import os
from pathlib import Path


def paper_path(root: Path, paper_id: str) -> Path:
    """The file of a paper."""
    return root / "catalog" / "papers" / f"{paper_id}.yaml"


def paper_files(root: Path) -> list[Path]:
    """All files of papers, in order of their ids."""
    return sorted((root / "catalog" / "papers").glob("*.yaml"), key=lambda path: path.stem)


def schema_path(root: Path, name: str) -> Path:
    """Where the schema of that name is."""
    return root / "catalog" / "schemas" / f"{name}.schema.json"


def schema_from(root: Path, path: Path, name: str) -> str:
    """The path of a schema as a file of the tree writes it on its first line."""
    return Path(os.path.relpath(schema_path(root, name), path.parent)).as_posix()


def shown_path(root: Path, path: Path) -> str:
    """The path as messages show it: from the root, where it is below it."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
