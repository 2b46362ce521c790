"""Line by line: whatever the four lists name is in a record, or in its notes with the reason why it is wrong."""

import json
from collections import defaultdict
from pathlib import Path

import pytest

from prunarium.catalog import load
from prunarium.catalog.importers.addresses import same_code_key
from prunarium.records import Mention, Paper

INDEX: dict[str, dict[str, dict[str, list[str]]]] = json.loads(
    (Path(__file__).parents[1] / "data" / "list-index.json").read_text(encoding="utf-8")
)
LINES = [(list_id, int(line)) for list_id, lines in INDEX.items() for line in lines]
REPOSITORIES = ("github.com/", "gitlab.com/")

Named = list[tuple[Paper, Mention]]


@pytest.fixture(scope="module")
def named() -> dict[tuple[str, int], Named]:
    """The papers that each line of the lists names, with their mentions."""
    found: dict[tuple[str, int], Named] = defaultdict(list)
    for paper in load():
        for mention in paper.mentions:
            found[mention.list, mention.line].append((paper, mention))
    return found


def explained(fact: str, papers: Named) -> bool:
    """Whether a note of the papers names the fact."""
    return any(fact in note for paper, _ in papers for note in paper.notes)


def facts(list_id: str, line: int, kind: str) -> list[str]:
    return INDEX[list_id][str(line)].get(kind, [])


def test_every_line_that_names_a_paper_is_a_mention_of_one_paper(named: dict[tuple[str, int], Named]) -> None:
    assert {place: [paper.id for paper, _ in named[place]] for place in LINES if len(named[place]) != 1} == {}
    assert sum(len(papers) for papers in named.values()) == len(LINES)


def test_every_link_is_in_the_mention_of_its_line(named: dict[tuple[str, int], Named]) -> None:
    lost = [
        (*place, link)
        for place in LINES
        for link in facts(*place, "links")
        if not any(link in mention.links or link == mention.title for _, mention in named[place])
        and not explained(link, named[place])
    ]
    assert lost == []


@pytest.mark.parametrize(("kind", "identifier"), [("arxiv", "arxiv"), ("dois", "doi")])
def test_every_identifier_is_in_the_record_or_explained(
    kind: str, identifier: str, named: dict[tuple[str, int], Named]
) -> None:
    lost = [
        (*place, fact)
        for place in LINES
        for fact in facts(*place, kind)
        if not any(getattr(paper.identifiers, identifier) == fact for paper, _ in named[place])
        and not explained(fact, named[place])
    ]
    assert lost == []


def test_every_repository_is_a_link_of_the_record_or_explained(named: dict[tuple[str, int], Named]) -> None:
    lost = [
        (*place, link)
        for place in LINES
        for link in facts(*place, "links")
        if any(host in link for host in REPOSITORIES)
        and not any(same_code_key(link) in links_of(paper) for paper, _ in named[place])
        and not explained(link.partition("?")[0].rstrip("/").removesuffix(".git"), named[place])
    ]
    assert lost == []


def links_of(paper: Paper) -> set[str]:
    addresses = [code.url for code in paper.links.code] + paper.links.project + paper.links.other
    return {same_code_key(url) for url in addresses}
