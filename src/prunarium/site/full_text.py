"""The full text of the papers for the text box above their table: an index that Pagefind makes of the built site."""

import gzip
import html
import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from prunarium.errors import PrunariumError

_NEEDED = ("pagefind.js", "pagefind-worker.js", "pagefind-entry.json", "*.pf_meta", "wasm.en.pagefind", "*/*")
_MISSING = "no full text search: pip install 'prunarium[site]' adds Pagefind, which makes the index"


def write_index(site: Path) -> str:
    """Add the index to a rendered site, as ``pagefind/``: of the papers that the site itself publishes.

    Returns:
        why there is none, or nothing.

    Raises:
        PrunariumError: Pagefind fails.
    """
    program = _program()
    papers = json.loads((site / "api" / "papers.json").read_text(encoding="utf-8"))["papers"]
    if program is None or not papers:
        return _MISSING if papers else ""
    with tempfile.TemporaryDirectory(prefix="prunarium-full-text.") as folder:
        pages, made = Path(folder) / "pages", Path(folder) / "pagefind"
        for paper in papers:
            page = pages / paper["id"] / "index.html"
            page.parent.mkdir(parents=True)
            page.write_text(_page(paper), encoding="utf-8")
        _run(program, "--site", str(pages), "--output-path", str(made), "--force-language", "en", "--quiet")
        for pattern in _NEEDED:  # without the dialogs that Pagefind brings, and that nobody opens here
            for file in made.glob(pattern):
                target = site / "pagefind" / file.relative_to(made)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, target)
        ids = json.dumps(_ids(made), separators=(",", ":"))
        (site / "pagefind" / "ids.json").write_text(ids + "\n", encoding="utf-8")
    return ""


def _program() -> Path | None:
    try:
        from pagefind.service import get_executable
    except ModuleNotFoundError:
        return None
    found: Path | None = get_executable()
    return found


def _page(paper: dict[str, Any]) -> str:
    """What can be found of a paper. Its name weighs more than a title, a title more than the rest."""

    def tag(name: str, text: str) -> str:
        return f"<{name}>{html.escape(text)}</{name.split()[0]}>\n"

    parts = [
        *(tag("p data-pagefind-weight=10", name) for name in [paper["name"]] if name),
        *(tag("h1", title) for title in [paper["title"], *paper["other_titles"]]),
        tag("p", ", ".join(paper["authors"])),
        *(tag("p", note) for note in paper["notes"]),
    ]
    return f'<html lang="en"><body>\n{"".join(parts)}</body></html>\n'


def _run(program: Path, *options: str) -> None:
    try:
        subprocess.run([str(program), *options], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", "") or str(error)
        raise PrunariumError(f"the full text was not indexed: {' '.join(said.split())[-300:]}") from error


def _ids(made: Path) -> dict[str, str]:
    """The id of the paper behind each result: Pagefind names results by a key of its own, the name of a file."""
    found = {}
    for file in sorted((made / "fragment").iterdir()):
        text = gzip.decompress(file.read_bytes()).decode("utf-8")
        found[file.stem] = json.loads(text[text.index("{") :])["url"].strip("/")
    return found
