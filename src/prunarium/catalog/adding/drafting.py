"""The draft of a new record: what is known of the paper, what somebody chose for it, and nothing more."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prunarium.catalog.adding.found import Found
from prunarium.catalog.catalogue import Catalogue
from prunarium.catalog.duplicates import Suspicion
from prunarium.catalog.identity import identifier_keys, taken_ids
from prunarium.catalog.importers.drafts import new_record
from prunarium.catalog.importers.venues import venue_named
from prunarium.catalog.places import paper_path, shown_path
from prunarium.catalog.titles import acronym, new_id
from prunarium.errors import PrunariumError
from prunarium.records import Identifiers, Paper

_LONGEST_CLAIM = 300


@dataclass(frozen=True)
class Classification:
    """Where somebody puts a paper: ids of ``taxonomy.yaml``."""

    kind: str | None = None
    modalities: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    training: str | None = None

    @classmethod
    def chosen(
        cls,
        catalogue: Catalogue,
        kind: str | None,
        modalities: Iterable[str] | None,
        categories: Iterable[str] | None,
        training: str | None,
    ) -> "Classification":
        """The classification by ids or names, in any case.

        Raises:
            PrunariumError: one is not in the vocabulary.
        """

        def term(facet: str, value: str) -> str:
            return next(iter(catalogue.facets.ids(facet, value) or ()))

        return cls(
            kind=term("kind", kind) if kind else None,
            modalities=tuple(term("modality", value) for value in modalities or ()),
            categories=tuple(term("category", value) for value in categories or ()),
            training=term("training", training) if training else None,
        )


def draft(found: Found, catalogue: Catalogue, classes: Classification) -> Paper:
    """A new record of what an API says. A venue that the catalogue does not know, and every claim, become notes.

    Raises:
        PrunariumError: what the API says makes no record.
    """
    name = acronym(found.title)
    data: dict[str, Any] = {
        "id": new_id(found.title, found.year, taken_ids(catalogue), name, next(iter(found.authors), None)),
        "title": found.title,
        "name": name,
        "authors": found.authors,
        "year": found.year,
        "kind": classes.kind or found.kind or "method",
        "modalities": list(classes.modalities),
        "categories": list(classes.categories),
        "training": classes.training or "unknown",
        "identifiers": found.identifiers,
    }
    try:
        new_record(data)  # before a venue is looked for, which needs a year that can be
        return new_record({**data, **_what_the_source_says(found, catalogue)})
    except PrunariumError as error:
        raise PrunariumError(f"{found.source} makes no record: {error}") from error


def _what_the_source_says(found: Found, catalogue: Catalogue) -> dict[str, Any]:
    venue = next(filter(None, (venue_named(name, found.year, catalogue) for name in found.venues)), None)
    notes = [claim[:_LONGEST_CLAIM] for claim in found.claims]
    if found.venues and venue is None:
        notes.append(f"Appeared in {found.venues[0]}, which venues.yaml does not hold.")
    filled = {"title": found.title, "authors": found.authors, "year": found.year, "venue": venue}
    filled |= {f"identifiers.{kind}": value for kind, value in found.identifiers.items()}
    return {"venue": venue, "notes": notes, "sources": {field: found.source for field in filled if filled[field]}}


def refuse_known(catalogue: Catalogue, root: Path, identifiers: Identifiers) -> None:
    """Refuse identifiers that a record has already.

    Raises:
        PrunariumError: one does; with the file of that record.
    """
    wanted = set(identifier_keys(identifiers))
    for paper in catalogue:
        for kind, value in identifier_keys(paper.identifiers):
            if (kind, value) in wanted:
                file = shown_path(root, paper_path(root, paper.id))
                raise PrunariumError(f"{file} has the {kind} {value}: it is this paper; nothing was written")


def refuse_alike(suspicions: Iterable[Suspicion], paper: Paper, root: Path) -> None:
    """Refuse a draft that may be a paper of the catalogue.

    Raises:
        PrunariumError: it may; with the files of those records.
    """
    alike = [
        f"{shown_path(root, paper_path(root, paper_id))} ({', '.join(suspicion.reasons)})"
        for suspicion in suspicions
        for paper_id in suspicion.papers
        if paper_id != paper.id
    ]
    if alike:
        raise PrunariumError(
            f"this may be {' or '.join(alike)}; nothing was written; if it is another paper, give --force, "
            "and explain the pair in catalog/distinct.yaml"
        )
