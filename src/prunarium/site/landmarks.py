"""The papers that a timeline names, by rules that the records decide, and not by anybody's taste."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from prunarium.records import Paper
from prunarium.site.content import Content
from prunarium.site.groups import groups

MANY_LISTS = 3
"""A paper that as many lists name is a landmark."""


@dataclass(frozen=True)
class Landmark:
    """A paper, and why it is named."""

    paper: Paper
    reasons: tuple[str, ...]


def landmarks(content: Content) -> list[Landmark]:
    """The first method of a category, what several lists name, and what runs here; newest first."""
    firsts: dict[str, list[str]] = {}
    for category in groups(content, "category"):
        if first := first_of([paper for paper in category.papers if paper.kind == "method"]):
            firsts.setdefault(first.id, []).append(category.name)
    found = ((paper, tuple(_reasons(paper, firsts.get(paper.id, []), content))) for paper in content.papers)
    return [Landmark(paper, reasons) for paper, reasons in found if reasons]


def first_of(papers: Sequence[Paper]) -> Paper | None:
    """The first paper of some; nobody where several are of the first year and not all have an arXiv id to tell."""
    year = min((paper.year for paper in papers), default=0)
    tied = [paper for paper in papers if paper.year == year]
    if len(tied) == 1:
        return tied[0]
    dated = [(paper.identifiers.arxiv, paper) for paper in tied if paper.identifiers.arxiv]
    return min(dated, key=lambda pair: pair[0])[1] if dated and len(dated) == len(tied) else None


def _reasons(paper: Paper, first_in: list[str], content: Content) -> Iterator[str]:
    yield from (f"first in {category}" for category in first_in)
    lists = len({mention.list for mention in paper.mentions})
    if lists >= MANY_LISTS:
        yield f"on {lists} lists"
    if paper.id in content.methods_of_papers:
        yield "runs here"
