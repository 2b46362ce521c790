"""The guide's page on choosing a method: by model, by budget, by training. Every number on it is from the records."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

from prunarium.bench.best_settings import BestSettings, best_settings
from prunarium.bench.comparison import Row, SpeedRatio
from prunarium.bench.conditions import LEARNED, OFF_THE_SHELF, TRAINED
from prunarium.records import Family
from prunarium.site import evidence
from prunarium.site.content import Content, Method
from prunarium.site.templates import document

TIMED_AT = 0.5
"""The budget whose speed the table shows."""
_SUFFIXES = {OFF_THE_SHELF: "", LEARNED: "-learned", TRAINED: "-trained"}
"""Of a table's place on the page."""


@dataclass(frozen=True)
class Choice:
    """A method in a table: its best setting at each budget, and the speed of the one at half the tokens."""

    method: Method
    at: dict[float, Row]

    @property
    def speed(self) -> dict[int, SpeedRatio]:
        """By batch size; empty where it was not timed at this budget."""
        row = self.at.get(TIMED_AT)
        return {one.batch_size: one for one in row.speed} if row else {}

    @property
    def order(self) -> tuple[float, str]:
        """The best first, at the budget that is timed; those without it last."""
        row = self.at.get(TIMED_AT)
        return -row.quality if row else 1.0, self.method.id


@dataclass(frozen=True)
class Table:
    """What can be ranked together on one benchmark."""

    best: BestSettings
    choices: tuple[Choice, ...]

    @property
    def training(self) -> str:
        return self.best.condition.training

    @property
    def sizes(self) -> list[int]:
        """Every batch size that was timed."""
        return sorted({size for choice in self.choices for size in choice.speed})

    @property
    def id(self) -> str:
        return f"{self.best.condition.benchmark}{_SUFFIXES[self.training]}"


@dataclass(frozen=True)
class Kinds:
    """The methods of a family, by what they ask of a model."""

    any_model: tuple[Method, ...]
    with_cls: tuple[Method, ...]
    adaptive: tuple[Method, ...]
    learned: tuple[Method, ...]


def pages(content: Content) -> dict[str, bytes]:
    """The page."""
    page = document(
        "choosing.html",
        "Choose a method",
        "Which method to take for a model, a budget and a willingness to train, from what was measured.",
        "../../",
        hide=("toc",),
        families={family: _kinds(content, family) for family in get_args(Family)},
        tables=list(_tables(content)),
        timed_at=TIMED_AT,
        paces=evidence.small(content),
        real_size=evidence.of_real_size(content),
    )
    return {"guide/choose.md": page}


def _kinds(content: Content, family: str) -> Kinds:
    methods = [one for one in content.methods if family in one.card.families and not one.card.baseline]
    known = [(one, one.workings) for one in methods if one.workings]
    reads_cls = {one.id for one, works in known if any(reading.name == "cls_attention" for reading in works.reads)}
    return Kinds(
        any_model=tuple(one for one, _ in known if one.id not in reads_cls),
        with_cls=tuple(one for one, _ in known if one.id in reads_cls),
        adaptive=tuple(one for one, works in known if works.adaptive),
        learned=tuple(one for one in methods if not one.card.training_free),
    )


def _tables(content: Content) -> Iterator[Table]:
    methods = {method.id: method for method in content.methods}
    shown = set()
    for best in best_settings(content.scores):
        choices = [Choice(methods[name], at) for name, at in best.rows.items()]
        table = Table(best, tuple(sorted(choices, key=lambda choice: choice.order)))
        if table.id not in shown:  # the condition with the most settings comes first
            shown.add(table.id)
            yield table
