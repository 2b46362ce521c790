"""The vocabularies of the taxonomy (categories, modalities, kinds, training), and a page for each of their terms."""

from collections import Counter

from prunarium.site.content import Content
from prunarium.site.groups import VOCABULARIES, Group, groups
from prunarium.site.templates import document

_WORDS = {
    "category": ("Category", "Categories", "What a method drops, merges or shortens. A paper may belong to several."),
    "modality": ("Modality", "Modalities", "What the models of a paper read. A paper may belong to several."),
    "kind": ("Kind", "Kinds of papers", "What sort of contribution a paper makes. Each has one."),
    "training": ("Training", "Training", "Whether the model is trained for the method. Each paper has one answer."),
}
"""Singular, plural, and what the vocabulary is for."""


def pages(content: Content) -> dict[str, bytes]:
    """A table for each vocabulary, and a page for each term."""
    made = {}
    for facet, folder in VOCABULARIES.items():
        terms = groups(content, facet)
        singular, heading, lead = _WORDS[facet]
        made[f"{folder}/index.md"] = document(
            "terms.html",
            heading,
            f"{lead} {len(terms)} terms with definitions and counts.",
            "../",
            hide=("toc",),
            terms=terms,
            singular=singular,
            heading=heading,
            lead=lead,
            most=max((len(term.papers) for term in terms), default=0),
        )
        made |= {f"{term.page}index.md": _term(term, terms, content) for term in terms}
    return made


def _term(group: Group, terms: list[Group], content: Content) -> bytes:
    term, catalogue = group.record, content.catalogue
    return document(
        "term.html",
        term.name,
        f"{term.definition} {len(group.papers)} papers of the catalogue, by year.",
        "../../",
        content=content,
        group=group,
        folder=VOCABULARIES[group.facet],
        heading=_WORDS[group.facet][1],
        examples=[catalogue.paper(paper_id) for paper_id in term.examples if paper_id in catalogue],
        with_code=sum(bool(paper.links.code) for paper in group.papers),
        beside=_beside(group, terms),
        methods=[method for paper in group.papers for method in content.methods_of_papers.get(paper.id, [])],
    )


def _beside(group: Group, terms: list[Group]) -> list[tuple[Group, int]]:
    """The other terms that its papers have, with how many of them."""
    ours = {paper.id for paper in group.papers}
    counts = Counter({term.id: len(ours & {paper.id for paper in term.papers}) for term in terms if term is not group})
    by_id = {term.id: term for term in terms}
    return [(by_id[one], count) for one, count in counts.most_common() if count]
