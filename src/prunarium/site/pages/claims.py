"""What papers report, row by row, beside what was measured here."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from prunarium.records import ReportedScore
from prunarium.registry.claim_causes import causes
from prunarium.registry.claims import WORST_FIRST, Claim, Status, row_status
from prunarium.site.content import Content, Method
from prunarium.site.templates import document

STATUSES: tuple[Status, ...] = ("reproduced", "within noise", "not reproduced", "not comparable")
MEANINGS: dict[Status, str] = {
    "reproduced": "the two numbers agree",
    "within noise": "they differ by what can come from the way of counting or measuring",
    "not reproduced": "they differ by more",
    "not comparable": "something else was measured, or nothing; each row says what",
}


@dataclass(frozen=True)
class HeldRow:
    """A reported row with its claims; ``status`` is the worst of the numbers that count."""

    anchor: str
    row: ReportedScore
    claims: tuple[Claim, ...]

    @property
    def status(self) -> Status:
        return row_status(self.claims)


@dataclass(frozen=True)
class HeldMethod:
    """All rows of a method, the worst status first."""

    method: Method
    rows: tuple[HeldRow, ...]

    @cached_property
    def counts(self) -> Counter[Status]:
        return Counter(row.status for row in self.rows)


def held(content: Content) -> list[HeldMethod]:
    """Every method of which something is reported."""
    return [HeldMethod(method, tuple(_rows(method))) for method in content.methods if method.reported]


def counts(methods: Iterable[HeldMethod]) -> Counter[Status]:
    """How many rows have each status."""
    return sum((one.counts for one in methods), Counter[Status]())


def pages(content: Content) -> dict[str, bytes]:
    """The page."""
    methods = held(content)
    page = document(
        "claims.html",
        "Reported beside measured",
        "What papers report of each method, row by row, and whether it was reproduced here.",
        "../../",
        methods=methods,
        statuses=STATUSES,
        meanings=MEANINGS,
        counts=counts(methods),
        causes=causes((row.row, row.claims) for one in methods for row in one.rows),
    )
    return {"benchmarks/claims/index.md": page}


def _rows(method: Method) -> list[HeldRow]:
    numbered = enumerate(method.claims, start=1)
    rows = [HeldRow(f"{method.id}-{place}", row, tuple(claims)) for place, (row, claims) in numbered]
    return sorted(rows, key=lambda row: WORST_FIRST.index(row.status))
