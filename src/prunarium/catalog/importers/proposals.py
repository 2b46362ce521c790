"""What every importer gives: the papers that a list proposes, and each line that it could not read."""

import html
import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from pydantic import ValidationError

from prunarium.catalog.importers.addresses import Address
from prunarium.catalog.wording import in_words
from prunarium.records import Mention

_ADDRESS = re.compile(r"https?://[^\s<>\"'`|\])]+", re.IGNORECASE)


@dataclass(frozen=True)
class Proposal:
    """A paper, as one line of a list names it."""

    mention: Mention
    addresses: tuple[Address, ...]
    lines: range
    """The lines that were read for it, counted from 1."""

    def first(self, role: str) -> str | None:
        """The first address or identifier of a role."""
        return next((address.value for address in self.addresses if address.role == role), None)

    def all(self, role: str) -> list[str]:
        """All addresses of a role, each once."""
        return list(dict.fromkeys(address.value for address in self.addresses if address.role == role))


@dataclass(frozen=True)
class UnreadLine:
    """A line, or a part of one, that no proposal came from."""

    line: int
    text: str
    reason: str


@dataclass
class ReadList:
    """A list after reading: nothing of it is lost."""

    proposals: list[Proposal] = field(default_factory=list)
    unread: list[UnreadLine] = field(default_factory=list)
    headings: set[int] = field(default_factory=set)
    """The lines that were read as headings."""

    def leave(self, line: int, text: str, reason: str) -> None:
        """Keep a part of the list that could not be read."""
        self.unread.append(UnreadLine(line, " ".join(text.split()), reason))

    def propose(self, mention: dict[str, object], addresses: list[Address], lines: range | None = None) -> None:
        """Keep a paper, or the reason why what stands there cannot be one. Without ``lines``, it is on one line."""
        line = int(str(mention["line"]))
        lines = lines or range(line, line + 1)
        try:
            checked = Mention.model_validate({key: value for key, value in mention.items() if value is not None})
        except ValidationError as error:
            finding = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in finding["loc"])
            self.leave(lines.start, str(mention["title"]), f"{where} {in_words(finding, Mention)}")
        else:
            self.proposals.append(Proposal(checked, tuple(addresses), lines))

    def account_for(self, text: str) -> "ReadList":
        """Add every line that was neither read nor kept so far to the unread ones."""
        seen = self.headings | {line for proposal in self.proposals for line in proposal.lines}
        seen |= {unread.line for unread in self.unread}
        for number, line in enumerate(text_lines(text), start=1):
            if line.strip() and number not in seen:
                self.leave(number, line, "is no bullet that names a paper")
        self._account_for_addresses(text)
        self.unread.sort(key=lambda unread: unread.line)
        return self

    def _account_for_addresses(self, text: str) -> None:
        """Add every web address that neither a paper nor an unread part has, such as one in a heading or an image."""
        kept: dict[int, str] = {}
        for proposal in self.proposals:
            mention = proposal.mention
            for line in proposal.lines:
                kept[line] = f"{kept.get(line, '')} {mention.title} {' '.join(mention.links)}"
        for part in self.unread:
            kept[part.line] = f"{kept.get(part.line, '')} {part.text}"
        for number, words in enumerate(text_lines(text), start=1):
            known = _bare_address(kept.get(number, ""))
            for address in _ADDRESS.findall(words):
                if _bare_address(address) not in known:
                    self.leave(number, address, "is an address that no paper was given; add it by hand if it matters")


def _bare_address(address: str) -> str:
    """An address without what Markdown readers write otherwise: escapes, entities, case."""
    return html.unescape(unquote(address.replace("\\", ""))).rstrip(".,;:").casefold()


def text_lines(text: str) -> list[str]:
    """The lines as Markdown counts them: other marks that Python takes for line ends do not count."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
