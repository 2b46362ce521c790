"""Renders a docs tree with MkDocs: aside first, then in the place of the old site."""

import logging
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from prunarium.errors import PrunariumError
from prunarium.site.docs import write_docs
from prunarium.site.full_text import write_index
from prunarium.site.tree import Counts, unwritable

_PROOF = "api/papers.json"
"""A file that every site of ours holds: a folder without it is not replaced."""


class _Warnings(logging.Handler):
    """Keeps what the engine warns of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(" ".join(record.getMessage().split()))


def build_site(root: Path, out: Path, *, strict: bool = True) -> Counts:
    """Build the site of the records below ``root``, and put it in the place of the folder ``out``.

    Raises:
        PrunariumError: a record is faulty, the engine fails or warns, or ``out`` is no site and not empty.
    """
    out = out.absolute()
    if out.exists() and not (out / _PROOF).is_file() and not (out.is_dir() and not any(out.iterdir())):
        raise PrunariumError(f"{out}: is not a site that Prunarium built; name an empty or new folder")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f"{out.name}.", suffix=".partial", dir=out.parent) as aside:
            docs, rendered = Path(aside) / "docs", Path(aside) / "site"
            counts = write_docs(root, docs)
            render(root / "mkdocs.yml", docs, rendered, strict=strict)
            counts = replace(counts, without=write_index(rendered))
            _swap(rendered, out, Path(aside) / "earlier")
    except OSError as error:
        raise unwritable(out, error) from error
    return counts


def render(config_file: Path, docs: Path, rendered: Path, *, strict: bool) -> None:
    """Render a docs tree that is complete.

    Raises:
        PrunariumError: the engine fails, or ``strict`` and it warns.
    """
    # The theme advertises its successor on every start; the version is pinned, and the docs tree is plain files.
    os.environ.setdefault("NO_MKDOCS_2_WARNING", "1")
    from mkdocs.commands.build import build
    from mkdocs.config import load_config
    from mkdocs.exceptions import Abort, MkDocsException

    engine, warnings = logging.getLogger("mkdocs"), _Warnings()
    engine.addHandler(warnings)
    try:
        # The docs tree is complete: the hook, which would write it again elsewhere, has nothing to do.
        config = load_config(
            str(config_file), docs_dir=str(docs), site_dir=str(rendered), hooks=[], strict=strict, watch=[]
        )
        config.plugins.on_startup(command="build", dirty=False)
        build(config)
    except (Abort, MkDocsException) as error:
        reason = "; ".join(warnings.messages[:3]) or " ".join(str(error).split())
        raise PrunariumError(f"the site was not built: {reason}") from error
    finally:
        engine.removeHandler(warnings)


def _swap(new: Path, place: Path, earlier: Path) -> None:
    """Two renames; the earlier site comes back when the second one fails."""
    if place.exists():
        place.rename(earlier)
    try:
        new.rename(place)
    except OSError:
        if earlier.exists():
            earlier.rename(place)
        raise
    shutil.rmtree(earlier, ignore_errors=True)


def serve_site(root: Path, port: int) -> None:
    """Show the site on this machine until interrupted; MkDocs builds it again when a source changes.

    Raises:
        PrunariumError: the port is taken, or the site cannot be built.
    """
    from mkdocs.commands.serve import serve
    from mkdocs.exceptions import Abort, MkDocsException

    os.environ.setdefault("NO_MKDOCS_2_WARNING", "1")
    docs = str(Path("build/docs").absolute())
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        serve(str(root / "mkdocs.yml"), dev_addr=f"127.0.0.1:{port}", extra={"docs_tree": docs})
    except OSError as error:
        raise PrunariumError(f"port {port} cannot be used ({error.strerror}); choose another with --port") from error
    except (Abort, MkDocsException) as error:
        raise PrunariumError(f"the site was not built: {' '.join(str(error).split())}") from error
