"""The file of results: derived, apart from the records, one JSON line for each check, so that a kill loses none."""

import json
from datetime import datetime
from pathlib import Path

import platformdirs
from pydantic import ValidationError

from prunarium.catalog.links.outcomes import Result
from prunarium.catalog.writing import in_one_line, write_text
from prunarium.errors import PrunariumError

_PACKAGE = Path(__file__).parent.parent.parent
_NAME = "links.jsonl"
_BEGINNING = b'{"url":"'
"""How every line of ours begins."""
_ADVICE = "name another file with --cache"


def default_file(root: Path) -> Path:
    """``build/links.jsonl`` of a tree; for an installed package, whose folder is not ours to write, a user's cache."""
    if root.is_relative_to(_PACKAGE):
        return platformdirs.user_cache_path("prunarium", appauthor=False) / _NAME
    return root / "build" / _NAME


class Results:
    """The results in a file: the last one of each address, and the ones that are added.

    Lines that are no results, such as one that a kill cut in two, are left out; ``faults`` names them.
    """

    def __init__(self, path: Path) -> None:
        """Read the file, where there is one, and tidy it.

        Raises:
            PrunariumError: the file cannot be read or written, or is another kind of file.
        """
        self.path = path
        self.faults: list[str] = []
        self.by_url: dict[str, Result] = {}
        self.tidy()

    def fresh(self, url: str, since: datetime) -> Result | None:
        """The result of an address that needs no other check: asked since then, with an outcome that stays."""
        result = self.by_url.get(url)
        return result if result and result.settled and result.checked_on >= since else None

    def add(self, result: Result) -> None:
        """Keep a result, in the file too, before anything else happens.

        Raises:
            PrunariumError: the file cannot be written.
        """
        self.by_url[result.url] = result
        with in_one_line(self.path, _ADVICE), self.path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(_line(result))

    def tidy(self) -> None:
        """Write the file anew, with one line for each address: ours, and what another run may have added meanwhile.

        Raises:
            PrunariumError: the file cannot be read or written, or is another kind of file.
        """
        self._read()
        write_text(self.path, "".join(_line(result) for result in self.by_url.values()), _ADVICE)

    def _read(self) -> None:
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            raise PrunariumError(f"{self.path}: cannot be read ({error.strerror}); {_ADVICE}") from error
        lines = content.split(b"\n")
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                result = Result.model_validate_json(line)
                self.by_url[result.url] = result
            except ValidationError:
                why = "was cut off" if number == len(lines) else "is no result of a check"
                self.faults.append(f"{self.path}:{number}: {why}; left out, its address is checked again")
        if self.faults and not self.by_url and not _cut_off_at_once(content):
            raise PrunariumError(f"{self.path} holds no results of checks; {_ADVICE}")


def _cut_off_at_once(content: bytes) -> bool:
    """Whether a file is a part of one line of ours: it begins as they do, and does not come to its end."""
    try:
        json.loads(content)
    except ValueError:
        return b"\n" not in content and content.startswith(_BEGINNING[: len(content)])
    return False


def _line(result: Result) -> str:
    return result.model_dump_json(exclude_none=True) + "\n"
