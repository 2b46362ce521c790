"""The page of a method."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from prunarium.bench.conditions import LEARNED, OFF_THE_SHELF, TRAINED, training_of
from prunarium.bench.draws import SEED, setting_without_seed
from prunarium.bench.pictures.trade_off import TradeOff, trade_offs
from prunarium.catalog.exporting import bibtex
from prunarium.records import MeasuredScore, ReportedScore
from prunarium.registry.claims import Claim, totals
from prunarium.site import family_curves, snippets
from prunarium.site.content import Content, Method
from prunarium.site.templates import document
from prunarium.site.token_maps import Maps

SHOWN = 6
"""Rows of a table that stand open; the others are folded."""
_UNSAID = "training not stated"


@dataclass(frozen=True)
class Measured:
    """Scores of which the same was trained; of the seeds of a setting one, and how many records the others are."""

    title: str
    shown: tuple[MeasuredScore, ...]
    folded: tuple[MeasuredScore, ...]
    other_draws: int


@dataclass(frozen=True)
class Reported:
    """Rows of the method's own paper, of which either all were trained with it, or none was, or it is not said."""

    title: str
    rows: tuple[tuple[ReportedScore, list[Claim]], ...]
    counts: str
    is_open: bool


def pages(content: Content) -> dict[str, bytes]:
    """One for each method."""
    cards = {method.id: method.card for method in content.methods}
    found = trade_offs((score for method in content.methods for score in method.measured), cards)
    return {f"methods/{method.id}/index.md": _method(method, content, found) for method in content.methods}


def _method(method: Method, content: Content, found: list[TradeOff]) -> bytes:
    paper = content.catalogue.papers_by_id.get(method.card.paper or "")
    return document(
        "method.html",
        method.card.name,
        method.card.summary,
        "../../",
        method=method,
        card=method.card,
        paper=paper,
        content=content,
        bibtex=bibtex.text([paper], content.catalogue) if paper else "",
        maps=[Maps(one) for one in method.current_maps.maps] if method.current_maps else [],
        python=snippets.in_python(method),
        terminal=snippets.in_terminal(method),
        again=snippets.reproducing(method),
        curves=family_curves.family_curves(method.id, found),
        measured=list(_measured(method.runs)),
        reported=list(_reported(method.claims)),
        others=len(others := [claims for row, claims in method.claims if not row.own_claim]),
        others_counts=_counted(claim for claims in others for claim in claims),
        tokens_left=list(_tokens(method.runs)),
    )


def _measured(scores: list[MeasuredScore]) -> Iterator[Measured]:
    for training in (OFF_THE_SHELF, LEARNED, TRAINED):
        alike = [one for one in scores if training_of(one) == training]
        own = sorted(_first_draws(alike), key=lambda one: one.quality is None)
        if own:
            most = len(own) if len(own) <= SHOWN + 2 else SHOWN  # nothing is folded for two rows
            yield Measured(training.capitalize(), tuple(own[:most]), tuple(own[most:]), len(alike) - len(own))


def _first_draws(scores: list[MeasuredScore]) -> Iterator[MeasuredScore]:
    """Without those that differ from one before them in nothing but the seed of a method that draws lots."""
    seen = set()
    for score in scores:
        where = score.environment
        place = score.benchmark, score.model, where.device, where.threads, where.precision
        setting = setting_without_seed(score), *place
        if SEED not in score.parameters or setting not in seen:
            seen.add(setting)
            yield score


def _reported(rows: list[tuple[ReportedScore, list[Claim]]]) -> Iterator[Reported]:
    """Own claims; off the shelf, trained and unsaid never in one table."""
    for title, trained in ((OFF_THE_SHELF, False), (TRAINED, True), (_UNSAID, None)):
        group = tuple((row, claims) for row, claims in rows if row.own_claim and row.trained is trained)
        if group:
            yield Reported(
                title.capitalize(), group, _counted(claim for _, held in group for claim in held), len(group) <= SHOWN
            )


def _counted(claims: Iterable[Claim]) -> str:
    """``2 reproduced, 4 not comparable``"""
    return ", ".join(f"{count} {status}" for status, count in totals(claims).items())


def _tokens(scores: list[MeasuredScore]) -> Iterator[dict[str, Any]]:
    """Tokens leaving each block, once for each model and counts; trained ones only where there are no others."""
    seen = set()
    for score in [one for one in scores if not one.trained] or scores:
        tokens = tuple(round(count, 1) for count in score.cost.tokens)
        if (score.model, tokens) not in seen:
            seen.add((score.model, tokens))
            yield {"score": score, "tokens": tokens, "most": max(score.cost.tokens_baseline)}
