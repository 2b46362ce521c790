"""What the table of methods can be filtered by."""

import re
from typing import get_args

from prunarium.records.card import Card, Family
from prunarium.site.content import Content, Method
from prunarium.site.facets import YES, Facet, facet

_FAMILIES = {
    "vit": "Vision transformers",
    "vlm": "Vision-language models",
    "encoder": "Text encoders",
    "decoder": "Decoder language models",
    "prompt": "Prompts",
}
_TRAINING = {"free": "Training-free", "needed": "Needs training"}
_PARITY = {"official": "Official code", "package": "Installed package", "none": "None"}
_NO_CODE, _NO_LICENCE = "no-code", "none"


def values_of(method: Method, content: Content) -> dict[str, set[str]]:
    """What a method has of every facet, in the order of the page. The filter script reads the same from its row."""
    card = method.card
    paper = content.catalogue.papers_by_id.get(card.paper or "")
    return {
        "family": set(card.families),
        "measured": {YES} if method.runs else set(),
        "category": set(paper.categories) if paper else set(),
        "guided": {YES} if card.text_guided else set(),
        "training": {"free" if card.training_free else "needed"},
        "parity": {card.parity},
        "licence": {_licence(card)},
    }


def facets(content: Content) -> list[Facet]:
    """Every facet of the methods."""
    rows = [values_of(method, content) for method in content.methods]
    licences = sorted({licence for row in rows for licence in row["licence"]} - {_NO_CODE, _NO_LICENCE})
    labels = {
        "family": ("Family", {family: _FAMILIES.get(family, family) for family in get_args(Family)}),
        "measured": ("Availability", {YES: "Has measured scores"}),
        "category": ("Category", {term.id: term.name for term in content.catalogue.taxonomy.categories}),
        "guided": ("Question", {YES: "Keeps what the question asks for"}),
        "training": ("Training", _TRAINING),
        "parity": ("Parity", _PARITY),
        "licence": (
            "Licence of the official code",
            {one: one for one in licences} | {_NO_LICENCE: "No licence", _NO_CODE: "No official code"},
        ),
    }
    return [facet(name, *labels[name], (row[name] for row in rows)) for name in labels]


def _licence(card: Card) -> str:
    """The SPDX name as one word; a card may say more behind it."""
    if card.official is None:
        return _NO_CODE
    return re.sub(r"[^\w.+-]+", "-", card.official.licence.partition(" (")[0]).strip("-")
