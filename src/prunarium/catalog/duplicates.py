"""Finds records that may be the same paper, and tells those that somebody has explained from the others."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from prunarium.catalog.alike import LIKELY, comparable, likeness, near_titles, rows_of, score, shared_authors
from prunarium.catalog.files import read_yaml
from prunarium.catalog.identity import identifier_keys, titles_of
from prunarium.catalog.places import shown_path
from prunarium.catalog.titles import same_title_key
from prunarium.records import DistinctPapers, Paper

SAME = 100.0
Pair = tuple[str, str]
"""The ids of two papers, in their order."""


@dataclass
class Suspicion:
    """Two records that may be the same paper, and what says so."""

    papers: Pair
    reasons: list[str] = field(default_factory=list)
    score: float = 0.0
    """How alike the two are: 100 for an identifier or title that both have."""
    certain: bool = False
    """Whether an identifier says so."""
    explained: str | None = None
    """Why the two records are in order, where somebody has said it."""


def suspected(papers: Iterable[Paper], only: str | None = None) -> list[Suspicion]:
    """All pairs that may be one paper, the surest first. ``only`` keeps the pairs with that paper."""
    known = {paper.id: paper for paper in papers}
    found: dict[Pair, Suspicion] = {}
    for kind, value, ids in _shared(known.values()):
        for one, other in combinations(ids, 2):
            if only in (None, one, other):
                pair = _pair(one, other)
                _note_shared(found.setdefault(pair, Suspicion(pair)), kind, value)
    alike = {pair: likeness(*(comparable(known[paper_id].title) for paper_id in pair)) for pair in found}
    for row, near, percent in near_titles(rows_of(known.values()), only):
        pair = _pair(row.paper.id, near.paper.id)
        alike[pair] = max(percent, alike.get(pair, 0.0))
    for pair, percent in alike.items():
        _note_alike(found, pair, percent, *(known[paper_id] for paper_id in pair))
    return sorted(found.values(), key=lambda one: (not one.certain, -one.score, one.papers))


def _pair(one: str, other: str) -> Pair:
    return (one, other) if one < other else (other, one)


def _shared(papers: Iterable[Paper]) -> Iterator[tuple[str, str, list[str]]]:
    """What several papers have in common: its kind, the value, and their ids."""
    owners: dict[tuple[str, str], list[str]] = defaultdict(list)
    for paper in papers:
        keys = [*identifier_keys(paper.identifiers), *(("title", key) for key in titles_of(paper))]
        keys += [("name", name)] if (name := same_title_key(paper.name or "")) else []
        for key in keys:
            owners[key].append(paper.id)
    yield from ((kind, value, ids) for (kind, value), ids in owners.items() if len(ids) > 1)


def _note_shared(suspicion: Suspicion, kind: str, value: str) -> None:
    by_identifier = kind not in ("title", "name")
    reason = f"same {kind} {value}" if by_identifier else f"same {kind}"
    if reason not in suspicion.reasons:
        suspicion.reasons.append(reason)
    suspicion.certain |= by_identifier
    if kind != "name":
        suspicion.score = SAME


def _note_alike(found: dict[Pair, Suspicion], pair: Pair, percent: float, one: Paper, other: Paper) -> None:
    total = score(percent, one, other)
    if pair not in found and total < LIKELY:
        return
    suspicion = found.setdefault(pair, Suspicion(pair))
    if suspicion.score < SAME:
        suspicion.score = round(total, 1)
        suspicion.reasons += [f"titles {percent:.0f} % alike"]
    if counts := shared_authors(one, other):
        suspicion.reasons.append(f"{counts[0]} of {counts[1]} authors shared")
    if apart := abs(one.year - other.year):
        suspicion.reasons.append(f"{apart} year{'s'[: apart != 1]} apart")


def read_distinct(root: Path) -> dict[Pair, str]:
    """The pairs of ``catalog/distinct.yaml``, each with its reason. Without that file there are none.

    Raises:
        FaultyFileError: the file is no valid record.
    """
    path = root / "catalog" / "distinct.yaml"
    if not path.is_file():
        return {}
    pairs = read_yaml(path, DistinctPapers, shown_path(root, path)).pairs
    return {_pair(*pair.papers): pair.reason for pair in pairs}


def explain(suspicions: Iterable[Suspicion], papers: Mapping[str, Paper], distinct: Mapping[Pair, str]) -> None:
    """Say of each suspicion whether ``distinct.yaml`` or the two records themselves explain it."""
    for suspicion in suspicions:
        one, other = suspicion.papers
        suspicion.explained = distinct.get(suspicion.papers)
        if suspicion.explained is None and _successors(one, papers) & _successors(other, papers):
            suspicion.explained = "duplicate_of or superseded_by says so"


def _successors(paper_id: str, papers: Mapping[str, Paper]) -> set[str]:
    """The paper and all that its record points on to."""
    found: set[str] = set()
    open_ids = [paper_id]
    while open_ids:
        if (current := open_ids.pop()) in papers and current not in found:
            found.add(current)
            paper = papers[current]
            open_ids += [following for following in (paper.duplicate_of, paper.superseded_by) if following]
    return found
