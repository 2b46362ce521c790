"""What papers have to do with each other through their methods: blocks that both use, tables where one stands."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import permutations

from prunarium.catalog.identifiers import bare_arxiv
from prunarium.records import Paper
from prunarium.site.content import Method

Lineage = Mapping[str, Mapping[str, Sequence[str]]]
"""By the id of a paper: the ids of those that its method has to do with, each with what that is."""

_COMMON = 4
"""A block that the methods of more papers use says nothing about any two of them."""
_PLUMBING = {"Tokens", "gather", "in_order", "sides", "top"}
"""Blocks that only move tokens about."""


def lineage(methods: Mapping[str, Iterable[Method]], papers: Iterable[Paper]) -> Lineage:
    """What is known of every pair.

    Args:
        methods: the methods of each paper, by the paper's id.
        papers: the catalogue.
    """
    found: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    printed_by = {paper.identifiers.arxiv: paper.id for paper in papers if paper.identifiers.arxiv}
    for own, makes in sorted(methods.items()):
        rows = [row for method in makes for row in method.reported]
        for other in dict.fromkeys(printed_by.get(bare_arxiv(row.source)) for row in rows):
            if other and other != own:
                found[own][other].append("prints scores of this method")
                found[other][own].append("its scores are printed in this paper")
    for (own, other), blocks in _shared_blocks(methods).items():
        found[own][other].append(f"built on the same block{'s' * (len(blocks) > 1)}: {', '.join(blocks)}")
    return found


def _shared_blocks(methods: Mapping[str, Iterable[Method]]) -> dict[tuple[str, str], list[str]]:
    """The blocks that the methods of two papers share, by the ids of the two."""
    users: defaultdict[str, set[str]] = defaultdict(set)
    for paper, makes in methods.items():
        for block in (block for method in makes for block in method.blocks):
            users[block].add(paper)
    shared: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for block, papers in sorted(users.items()):
        if block not in _PLUMBING and len(papers) <= _COMMON:
            for pair in permutations(sorted(papers), 2):
                shared[pair].append(block)
    return shared
