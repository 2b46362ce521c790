"""The page that answers "fewer tokens, no speed-up": methods at equal multiply-accumulates, on the clock."""

from collections.abc import Iterator
from dataclasses import dataclass

from prunarium.bench.equal_macs import AIMS, LARGE, SHARE, Place, Timed, equal_macs
from prunarium.bench.wording import percent
from prunarium.site.content import Content, Method
from prunarium.site.templates import document

WRITTEN_OUT = {"full_attention", "received_attention", "next_attention", "logits"}
"""Parts of the attention that the fused kernel does not give: they are computed beside it."""
YARDSTICK = "random"


@dataclass(frozen=True)
class Row:
    """A method, at every batch size."""

    method: Method
    at: dict[int, Timed]
    why: str

    @property
    def arrived(self) -> float:
        """At the largest batch."""
        return self.at[max(self.at)].arrived


@dataclass(frozen=True)
class Table:
    """The methods of one place, the best part of the ideal first."""

    place: Place
    sizes: tuple[int, ...]
    rows: tuple[Row, ...]


def pages(content: Content) -> dict[str, bytes]:
    """The page."""
    page = document(
        "speed_up.html",
        "Fewer tokens, how much faster?",
        "Methods at equal multiply-accumulates: the speed-up that they promise, and the one that is measured.",
        "../../",
        tables=tables(content),
        share=SHARE,
        aims=AIMS,
        large=LARGE,
        yardstick=YARDSTICK,
    )
    return {"benchmarks/speed-up/index.md": page}


def tables(content: Content) -> list[Table]:
    """One for each place where something was timed at this share, the fullest first."""
    methods = {method.id: method for method in content.methods}
    made = []
    for place, by_method in equal_macs(content.scores).items():
        sizes = tuple(sorted({size for at in by_method.values() for size in at}))
        ceiling = by_method.get(YARDSTICK, {})
        rows = [Row(methods[name], at, why(methods[name], at, ceiling)) for name, at in by_method.items()]
        made.append(Table(place, sizes, tuple(sorted(rows, key=lambda row: -row.arrived))))
    return sorted(made, key=lambda table: (-len(table.rows), table.place.model))


def why(method: Method, at: dict[int, Timed], ceiling: dict[int, Timed]) -> str:
    """Where the rest of the ideal speed-up goes; empty where enough of it arrives."""
    if all(timed.meets for timed in at.values()):
        return ""
    return "; ".join(_reasons(method, at, ceiling))


def _reasons(method: Method, at: dict[int, Timed], ceiling: dict[int, Timed]) -> Iterator[str]:
    short = {size: timed for size, timed in at.items() if not timed.meets}
    shares = " and ".join(f"{percent(timed.speed.own_share, 0)} at batch {size}" for size, timed in short.items())
    yield f"own work takes {shares}"
    workings = method.workings
    if workings is not None:
        if beside := [reading.name for reading in workings.reads if reading.name in WRITTEN_OUT]:
            yield f"{', '.join(beside).replace('_', ' ')} is computed beside the fused kernel"
        if workings.adaptive and max(short) > 1:
            yield "samples that keep fewer tokens are padded to the longest of their batch"
    for size, timed in short.items():
        if method.id != YARDSTICK and size in ceiling and timed.without_own < 1:
            yield f"smaller matrices: dropping at random gets {percent(ceiling[size].arrived, 0)} at batch {size}"
