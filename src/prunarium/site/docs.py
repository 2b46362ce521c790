"""The whole docs tree: generated pages and JSON, the pages that people wrote, the assets."""

from pathlib import Path

from prunarium.errors import PrunariumError
from prunarium.site import content, documents, pages
from prunarium.site.merging import merged, rendered
from prunarium.site.stylesheets import every_page
from prunarium.site.tree import Counts, mirror


def write_docs(root: Path, out: Path) -> Counts:
    """Write the docs tree of the records below ``root`` into ``out``.

    Every file is made before the first one is written, so that a faulty record leaves the earlier tree as it was.

    Raises:
        PrunariumError: a record is faulty, two pages want the same place, or ``out`` cannot be written.
    """
    everything = content.read(root)
    generated = merged((pages.pages(everything), documents.documents(everything)))
    written = _files(root / "site" / "pages", "") | assets(root)
    taken = {rendered(path) for path in generated}
    for path in written:
        if rendered(path) in taken:
            raise PrunariumError(f"site/pages/{path}: another page has this path; rename the file")
        taken.add(rendered(path))
    files = generated | written
    mirror(files, out)
    return Counts(len(everything.papers), len(everything.methods), sum(name.endswith(".md") for name in files))


def assets(root: Path) -> dict[str, bytes]:
    """What pages load from ``assets/``, by its path in the docs tree."""
    styles, found = root / "site" / "styles", _files(root / "site" / "assets", "assets/")
    return found | {"assets/styles/every-page.css": every_page(styles)} if styles.is_dir() else found


def _files(folder: Path, prefix: str) -> dict[str, bytes]:
    """The files below a folder, without hidden ones."""
    found = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {
        prefix + name: path.read_bytes()
        for name, path in found.items()
        if not any(part.startswith(".") for part in name.split("/"))
    }
