"""The whole docs tree: generated pages and JSON, the pages that people wrote, the assets."""

from pathlib import Path

from prunarium.errors import PrunariumError
from prunarium.site import api, content, pages, trade_offs
from prunarium.site.merging import merged
from prunarium.site.tree import Counts, mirror


def write_docs(root: Path, out: Path) -> Counts:
    """Write the docs tree of the records below ``root`` into ``out``.

    Every file is made before the first one is written, so that a faulty record leaves the earlier tree as it was.

    Raises:
        PrunariumError: a record is faulty, two pages want the same place, or ``out`` cannot be written.
    """
    everything = content.read(root)
    generated = merged((pages.pages(everything), api.documents(everything), trade_offs.documents(everything)))
    written = _files(root / "site" / "pages", "") | _files(root / "site" / "assets", "assets/")
    both = sorted(set(generated) & set(written))
    if both:
        raise PrunariumError(f"site/pages/{both[0]}: a generated page has this path; rename the file")
    files = generated | written
    mirror(files, out)
    return Counts(len(everything.papers), len(everything.methods), sum(name.endswith(".md") for name in files))


def _files(folder: Path, prefix: str) -> dict[str, bytes]:
    """The files below a folder, without hidden ones."""
    found = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {
        prefix + name: path.read_bytes()
        for name, path in found.items()
        if not any(part.startswith(".") for part in name.split("/"))
    }
