"""The fenced blocks of a Markdown page, with what the page says of running them.

A comment right before a block says what differs from running it as it stands:

    <!-- not run: it asks arXiv -->
    <!-- run with: --samples 64 -->     (put behind each line that begins with prunarium)
    <!-- run slowly -->                 (left to the slow tests)

A block whose first line is a comment with the path of a file, such as ``# sweep.yaml``, is that file.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

from prunarium.paths import root

_FILE = re.compile(r"# ([\w./-]+\.(?:yaml|py|md|txt))\n")


@dataclass(frozen=True)
class Block:
    """One fenced block. ``line`` is that of its fence; ``not_run`` the reason, ``options`` what to run it with."""

    page: str
    line: int
    language: str
    text: str
    not_run: str
    options: str
    slow: bool

    @property
    def file(self) -> str:
        """The path of the file that the block is; empty where it is none."""
        found = _FILE.match(self.text)
        return found[1] if found and self.language != "bash" else ""

    @property
    def commands(self) -> list[list[str]]:
        """The words of each line of a shell block that calls ``prunarium``, comments left out."""
        lines = self.text.replace("\\\n", " ").splitlines() if self.language == "bash" else []
        words = (shlex.split(line, comments=True) for line in lines if line.startswith("prunarium "))
        return [one[1:] for one in words]

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[str]:
    """Every page with code that people wrote, from the root of the tree."""
    guides = sorted((root() / "site" / "pages").rglob("*.md"))
    return ["README.md", "CONTRIBUTING.md", *(path.relative_to(root()).as_posix() for path in guides)]


def blocks(page: str) -> list[Block]:
    """The blocks of a page, in their order."""
    return list(blocks_in((root() / page).read_text(encoding="utf-8"), page))


def blocks_in(text: str, page: str = "page.md") -> Iterator[Block]:
    """The blocks of a text."""
    said = ""
    for token in MarkdownIt().parse(text):
        if token.type == "html_block":
            said += token.content
        elif token.type == "fence":
            assert token.map
            yield Block(
                page=page,
                line=token.map[0] + 1,
                language=token.info.strip(),
                text=token.content,
                not_run=_said(r"not run: (.+?)", said),
                options=_said(r"run with: (.+?)", said),
                slow=bool(re.search("<!-- run slowly -->", said)),
            )
            said = ""
        else:
            said = ""


def _said(pattern: str, comments: str) -> str:
    found = re.search(f"<!-- {pattern} -->", comments, re.DOTALL)
    return " ".join(found[1].split()) if found else ""


def copy_of_the_tree(folder: Path) -> Path:
    """A clone to run blocks in: they may write what they like."""
    import shutil

    skipped = shutil.ignore_patterns("__pycache__", ".*")
    for name in ("catalog", "methods", "scripts", "site", "src"):
        shutil.copytree(root() / name, folder / name, ignore=skipped)
    for path in root().glob("*.*"):
        if path.is_file():
            shutil.copy(path, folder)
    return folder
