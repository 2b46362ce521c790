"""The beginning of a record that somebody writes by hand, with what may be filled in as comments below it."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import get_args

from prunarium.catalog.adding.drafting import Classification
from prunarium.catalog.catalogue import Catalogue
from prunarium.catalog.identifiers import arxiv_year
from prunarium.catalog.identity import taken_ids
from prunarium.catalog.importers.drafts import new_record
from prunarium.catalog.titles import acronym, new_id
from prunarium.errors import PrunariumError
from prunarium.records import Identifiers, Links, Paper, Taxonomy, Term
from prunarium.records.paper import Status


def skeleton(
    title: str,
    catalogue: Catalogue,
    classes: Classification,
    *,
    paper_id: str | None = None,
    year: int | None = None,
    authors: Iterable[str] = (),
    identifiers: dict[str, str] | None = None,
) -> Paper:
    """A record of what is given. Without a year it is that of the arXiv id, or else the present one.

    Raises:
        PrunariumError: the id is taken, or what is given makes no record.
    """
    identifiers, authors, taken = identifiers or {}, list(authors), taken_ids(catalogue)
    if paper_id in taken:
        owner = catalogue.paper(paper_id).id
        whose = "is taken" if owner == paper_id else f"was that of '{owner}' once, and no id is used again"
        raise PrunariumError(f"the id '{paper_id}' {whose}; choose another one")
    if year is None:
        year = arxiv_year(identifiers["arxiv"]) if "arxiv" in identifiers else date.today().year
    name = acronym(title)
    return new_record(
        {
            "id": paper_id or new_id(title, year, taken, name, next(iter(authors), None)),
            "title": title,
            "name": name,
            "authors": authors,
            "year": year,
            "kind": classes.kind or "method",
            "modalities": list(classes.modalities),
            "categories": list(classes.categories),
            "training": classes.training or "unknown",
            "identifiers": identifiers,
        }
    )


def what_is_missing(paper: Paper, taxonomy: Taxonomy, *, year_given: bool, kind_given: bool) -> str:
    """Comments that name each field which is still empty, and the terms that it may hold."""
    lines = ["", "Still empty. Write what somebody states, leave out the rest, and delete these comments."]
    if not year_given:
        lines.append(f"year: nobody gave one; {paper.year} is a guess, correct it")
    lines += [] if paper.name else ["name: the method's acronym, as the paper writes it"]
    lines += [] if paper.authors else ["authors: a list, each on a line of its own"]
    lines.append(f"venue: id (of venues.yaml), year, status ({', '.join(get_args(Status))}), track")
    lines += [] if kind_given else _terms("kind: one of", taxonomy.kinds)
    lines += [] if paper.modalities else _terms("modalities: a list of", taxonomy.modalities)
    lines += [] if paper.categories else _terms("categories: a list, the main one first, of", taxonomy.categories)
    lines += [] if paper.training != "unknown" else _terms("training: one of", taxonomy.training)
    lines.append(f"identifiers, in quotes: {', '.join(Identifiers.model_fields)}")
    lines.append(f"links: {', '.join(Links.model_fields)}")
    lines.append("sources: for each field, where its value was read")
    return "".join(f"{'# ' if line else '#'}{line}\n" for line in lines)


def _terms(words: str, terms: list[Term]) -> Iterator[str]:
    yield words
    yield from (f"  {term.id}: {' '.join(term.definition.split())}" for term in terms)
