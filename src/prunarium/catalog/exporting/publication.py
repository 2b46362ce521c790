"""Where a paper appeared, in the terms that reference managers share."""

import re
from dataclasses import dataclass
from typing import Literal

from prunarium.catalog.catalogue import Catalogue
from prunarium.records import Paper

Form = Literal["journal", "proceedings", "thesis", "website", "submitted", "preprint", "unknown"]
_FORMS: dict[str, Form] = {
    "conference": "proceedings",
    "workshop": "proceedings",
    "journal": "journal",
    "university": "thesis",
    "website": "website",
    "preprint-server": "preprint",
}

_DOCTOR = re.compile(r"\b(ph\.? ?d\b|doctor|dissertation)", re.IGNORECASE)
_MASTER = re.compile(r"\b(master|m\.? ?sc\b)", re.IGNORECASE)


@dataclass(frozen=True)
class Publication:
    """The form of the publication, what it appeared in, and its year."""

    form: Form
    name: str
    year: int


def publication(paper: Paper, catalogue: Catalogue) -> Publication:
    """Where the paper appeared; the form is unknown where nobody states a venue."""
    if paper.venue is None:
        return Publication("thesis" if paper.kind == "thesis" else "unknown", "", paper.year)
    venue = catalogue.venues.get(paper.venue.id)
    if venue is None:  # the tree has a fault, which 'prunarium validate' says
        return Publication("unknown", paper.venue.id, paper.venue.year)
    form: Form = "submitted" if paper.venue.status == "submitted" else _FORMS[venue.kind]
    if form == "thesis" or not paper.venue.track:
        return Publication(form, venue.full_name, paper.venue.year)
    return Publication(form, f"{venue.full_name} ({paper.venue.track})", paper.venue.year)


def degree(paper: Paper) -> Literal["doctor", "master", "unknown"]:
    """The degree that a thesis was handed in for: what the track of its venue says, or the lists that name it."""
    listed = [mention.venue for mention in paper.mentions]
    words = " ".join(filter(None, [paper.venue.track if paper.venue else None, *listed]))
    doctor, master = _DOCTOR.search(words), _MASTER.search(words)
    if doctor and master:
        return "unknown"
    return "doctor" if doctor else "master" if master else "unknown"
