"""Cells for which different sources print different numbers. Pure rules over the records: nothing is measured.

A cell is a method on a model, trained with it or not, at a setting. Rows are of one cell where their settings are word
for word the same, or where their ``cell`` says so; a row that prints no setting is of none. The untouched models of all
rows are cells too. Numbers are compared metric by metric, and metrics of different data never.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

from prunarium.records import ReportedScore

UNTOUCHED = ""
"""The method of a cell that holds an untouched model."""
_TRAINING = {True: "trained with the method", False: "off the shelf", None: "training not stated"}
_PERCENTAGES = 100
_OF_ANY_DATA = frozenset(("EM", "F1", "FID", "MCC", "Pearson", "QA", "R@1", "Spearman"))
"""Metrics that are used on several data, beside those written in lower case."""


@dataclass(frozen=True)
class Statement:
    """A row that somebody printed, and the method it is of: the id of a folder, or a name."""

    method: str
    row: ReportedScore


@dataclass(frozen=True, order=True)
class Cell:
    """What several sources say they report."""

    method: str
    model: str
    training: str
    setting: str


@dataclass(frozen=True)
class Disagreement:
    """A cell with the metrics on which sources differ, and every statement that prints one of them."""

    cell: Cell
    metrics: tuple[str, ...]
    statements: tuple[Statement, ...]

    def printed(self, metric: str) -> list[tuple[float, list[Statement]]]:
        """The numbers of a metric, the largest first, each with those that print it."""
        found: dict[float, list[Statement]] = {}
        for one in self.statements:
            number = _numbers(one.row, self.cell.method == UNTOUCHED).get(metric)
            if number is not None:
                found.setdefault(number, []).append(one)
        return sorted(found.items(), reverse=True)

    @property
    def summary(self) -> str:
        """``GQA 56.0 to 57.1``: the first metric, from the smallest to the largest number."""
        numbers = [number for number, _ in self.printed(self.metrics[0])]
        return f"{self.metrics[0]} {as_printed(numbers[-1])} to {as_printed(numbers[0])}"

    @property
    def causes(self) -> tuple[str, ...]:
        """What the rows themselves tell of why they differ."""
        return tuple(_causes(self.cell, [one.row for one in self.statements]))


def disagreements(statements: Iterable[Statement], same_models: Iterable[Sequence[str]] = ()) -> list[Disagreement]:
    """Every cell on which sources disagree, in the order of methods; untouched models come last.

    Args:
        statements: all rows of all methods.
        same_models: names of one model; the first stands for all.
    """
    names = {name: group[0] for group in same_models for name in group}
    cells: dict[Cell, list[Statement]] = {}
    for one in statements:
        for cell in _cells(one, names):
            cells.setdefault(cell, []).append(one)
    found = (_disagreement(cell, own) for cell, own in cells.items())
    return sorted((one for one in found if one), key=lambda one: (one.cell.method == UNTOUCHED, one.cell))


def agree(one: float, other: float) -> bool:
    """Whether two printed numbers may be roundings of one number: the finer one rounds to the coarser one.

    A half may be rounded either way. Numbers of equal precision agree only when they are equal.
    """
    digits = sorted((_digits(one), _digits(other)))
    apart = abs(Decimal(repr(one)) - Decimal(repr(other)))
    return apart == 0 or (digits[0] < digits[1] and 2 * apart <= Decimal(1).scaleb(-digits[0]))


def as_printed(number: float) -> str:
    """``39.0``, ``79.538`` and ``1563``: with the digits that a source prints, as far as a file keeps them."""
    return f"{number:.{_digits(number)}f}"


def _digits(number: float) -> int:
    """Digits after the point. A file does not keep ``.0``: of percentages it is taken as printed."""
    exponent = Decimal(repr(number)).normalize().as_tuple().exponent
    digits = max(-int(exponent), 0)
    return digits or int(abs(number) < _PERCENTAGES)


def _cells(one: Statement, names: dict[str, str]) -> Iterator[Cell]:
    row, model = one.row, names.get(one.row.model, one.row.model)
    words = row.cell or ", ".join(f"{name}={value}" for name, value in sorted(row.setting.items()))
    if words and row.evidence != "headline":
        yield Cell(one.method, model, _TRAINING[row.trained], words)
    if row.baseline or row.compute_baseline:
        yield Cell(UNTOUCHED, model, "", "")


def _disagreement(cell: Cell, statements: list[Statement]) -> Disagreement | None:
    untouched = cell.method == UNTOUCHED
    printed: dict[str, dict[float, set[str]]] = {}
    for one in statements:
        for metric, value in _numbers(one.row, untouched).items():
            printed.setdefault(metric, {}).setdefault(value, set()).add(one.row.source)
    differing = tuple(metric for metric, values in printed.items() if _differ(values))
    return Disagreement(cell, differing, tuple(_telling(statements, differing, untouched))) if differing else None


def _differ(values: dict[float, set[str]]) -> bool:
    """Whether two sources print numbers that do not agree. One that prints both may mean two things."""
    return any(not agree(one, other) and not values[one] & values[other] for one, other in combinations(values, 2))


def _telling(statements: list[Statement], metrics: tuple[str, ...], untouched: bool) -> Iterator[Statement]:
    """Those that print one of the metrics; one of each source that prints the same numbers several times."""
    seen = set()
    for one in statements:
        numbers = _numbers(one.row, untouched)
        key = (one.row.source, *(numbers.get(metric) for metric in metrics))
        if any(metric in numbers for metric in metrics) and key not in seen:
            seen.add(key)
            yield one


def _numbers(row: ReportedScore, untouched: bool) -> dict[str, float]:
    """What a row prints, by metric."""
    scores = row.baseline if untouched else row.result
    found = {_metric(row, name): value for name, value in scores.items()}
    compute = row.compute_baseline if untouched else row.compute
    if compute is not None:
        found[f"compute, {row.compute_unit}"] = compute
    if row.speed_up is not None and not untouched:
        found["speed-up"] = row.speed_up
    return found


def _metric(row: ReportedScore, name: str) -> str:
    """A metric that is named after its data says enough; of the others the data are named too."""
    return f"{name}, {row.dataset}" if name[0].islower() or name in _OF_ANY_DATA else name


def _causes(cell: Cell, rows: Sequence[ReportedScore]) -> Iterator[str]:
    if len({row.dataset for row in rows}) > 1 and cell.method == UNTOUCHED:
        yield "the sources evaluate on other sets of data, and may follow other protocols"
    if cell.method == UNTOUCHED:
        return
    starts: dict[str, dict[float, None]] = {}
    for row in rows:
        for name, value in row.baseline.items():
            starts.setdefault(_metric(row, name), {})[value] = None
    for name, values in starts.items():
        if any(not agree(one, other) for one, other in combinations(values, 2)):
            yield f"they start from different untouched models: {name} {' and '.join(map(as_printed, values))}"
    if len({str(sorted(row.setting.items())) for row in rows}) > 1:
        yield "they word the setting differently, so it may not be the same"
    if len({row.device for row in rows if row.speed_up}) > 1:
        yield "their speeds are of other devices"
