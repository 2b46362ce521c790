"""Token maps as drawings inside a page: which patches are left, merged or gone at each budget."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from prunarium.records import ShownInput, TokenMap, TokenMapStep
from prunarium.records.token_maps import ASIDE, GONE, KEPT

PATCH = 10
"""Length of a patch in a drawing."""
TINTS = 6
STILLS = (0.7, 0.5, 0.3)
"""Budgets that stand side by side where no script runs."""


@dataclass(frozen=True)
class Run:
    """Neighbours in a row with the same mark: where they begin, and how long they are."""

    mark: str
    x: int
    y: int
    length: int


@dataclass(frozen=True)
class Drawing:
    """One input at one budget.

    Attributes:
        paths: strokes over the patches of each kind: ``gone``, ``aside``, and ``1`` to ``6`` for the merged ones.
        letters: one for each run of merged patches, with their places.
        right: whether the model still answers right.
    """

    shown: ShownInput
    paths: dict[str, str]
    letters: str
    xs: str
    ys: str
    words: str
    right: bool


@dataclass(frozen=True)
class Budget:
    """All inputs at one budget. ``still`` is whether it is shown where no script runs."""

    budget: float
    setting: str
    drawings: tuple[Drawing, ...]
    words: str
    still: bool


@dataclass(frozen=True)
class Maps:
    """What is drawn of one benchmark, from the largest budget to the smallest."""

    record: TokenMap

    @property
    def width(self) -> int:
        return self.record.columns * PATCH

    @property
    def height(self) -> int:
        return self.record.rows * PATCH

    @property
    def grid(self) -> str:
        """The lines between the patches."""
        across = "".join(f"M0 {y}h{self.width}" for y in range(PATCH, self.height, PATCH))
        return across + "".join(f"M{x} 0v{self.height}" for x in range(PATCH, self.width, PATCH))

    @cached_property
    def marks(self) -> frozenset[str]:
        """Every mark that any map has."""
        return frozenset("".join(one for step in self.record.steps for one in step.maps))

    @cached_property
    def budgets(self) -> tuple[Budget, ...]:
        known = [step.budget for step in self.record.steps]
        stills = {min(known, key=lambda one: abs(one - still)) for still in STILLS}
        return tuple(
            Budget(
                budget=step.budget,
                setting="" if step.setting == "Identity()" else step.setting,
                drawings=tuple(self._drawings(step)),
                words=self._words(step),
                still=step.budget in stills,
            )
            for step in self.record.steps
        )

    @property
    def first(self) -> int:
        """Where the slider begins, counted from the smallest budget: half the tokens."""
        rising = [step.budget for step in reversed(self.record.steps)]
        return min(range(len(rising)), key=lambda place: abs(rising[place] - STILLS[1]))

    @property
    def does(self) -> list[str]:
        """What happens to tokens in these maps, as verbs."""
        verbs = {GONE: "drops", ASIDE: "sets aside"}
        merges = ["merges"] if any(mark.isalpha() for mark in self.marks) else []
        return [verb for mark, verb in verbs.items() if mark in self.marks] + merges

    def _drawings(self, step: TokenMapStep) -> Iterator[Drawing]:
        for shown, marks, right in zip(self.record.inputs, step.maps, step.right, strict=True):
            runs = list(self._runs(marks))
            merged = [run for run in runs if run.mark.isalpha()]
            yield Drawing(
                shown=shown,
                paths=_paths(runs),
                letters="".join(run.mark for run in merged),
                xs=" ".join(f"{run.x + run.length / 2:g}" for run in merged),
                ys=" ".join(f"{run.y + PATCH * 0.7:g}" for run in merged),
                words=", ".join(_counts([marks])),
                right=right,
            )

    def _runs(self, marks: str) -> Iterator[Run]:
        for row in range(self.record.rows):
            column = 0
            for mark, run in groupby(marks[row * self.record.columns : (row + 1) * self.record.columns]):
                count = len(list(run))
                yield Run(mark, column * PATCH, row * PATCH, count * PATCH)
                column += count

    def _words(self, step: TokenMapStep) -> str:
        """What a screen reader is told when the budget is chosen."""
        total = self.record.rows * self.record.columns * len(step.maps)
        right = f"{sum(step.right)} of {len(step.right)} answers are right"
        return f"Budget {step.budget:g}. Of {total} patches in all: {', '.join(_counts(step.maps))}. {right}."


def _paths(runs: Iterable[Run]) -> dict[str, str]:
    """A stroke along every run; a patch that is as it was needs none."""
    paths: dict[str, str] = {}
    for run in runs:
        if run.mark != KEPT:
            kind = _kind(run.mark)
            paths[kind] = f"{paths.get(kind, '')}M{run.x} {run.y + PATCH // 2}h{run.length}"
    return paths


def _kind(mark: str) -> str:
    if mark.isalpha():
        return str(ord(mark) % TINTS + 1)
    return {GONE: "gone", ASIDE: "aside"}[mark]


def _counts(maps: Sequence[str]) -> Iterator[str]:
    """How many patches of all maps have become what."""
    marks = Counter("".join(maps))
    merged = sum(count for mark, count in marks.items() if mark.isalpha())
    if marks[KEPT]:
        yield f"{marks[KEPT]} alone"
    if merged:
        yield f"{merged} merged into {sum(len(set(filter(str.isalpha, one))) for one in maps)}"
    if marks[ASIDE]:
        yield f"{marks[ASIDE]} set aside"
    if marks[GONE]:
        yield f"{marks[GONE]} gone"
