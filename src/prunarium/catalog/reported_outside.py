"""What is printed of methods that have no folder: ``catalog/reported.yaml``."""

from pathlib import Path

from prunarium.catalog.files import read_yaml
from prunarium.catalog.places import shown_path
from prunarium.records import ReportedOutside


def reported_outside(root: Path) -> ReportedOutside | None:
    """Read the file of a tree; ``None`` where there is none.

    Raises:
        FaultyFileError: it is no valid record.
    """
    path = root / "catalog" / "reported.yaml"
    return read_yaml(path, ReportedOutside, shown_path(root, path)) if path.is_file() else None
