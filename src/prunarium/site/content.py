"""All that the pages show, read once: the catalogue, the methods with their scores, the benchmarks."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from prunarium import registry
from prunarium.catalog import Catalogue, load
from prunarium.catalog.reported_outside import reported_outside
from prunarium.records import Card, MeasuredScore, Paper, ReportedOutside, ReportedScore, TokenMaps
from prunarium.registry.claims import Claim, hold
from prunarium.site import addresses
from prunarium.site.addresses import Addresses
from prunarium.site.blocks import blocks_of
from prunarium.site.parameters import Parameters, parameters_of
from prunarium.site.workings import Workings, workings_of


@dataclass(frozen=True)
class Method:
    """A method folder, as its page shows it; ``measured`` holds the scores of the method's present version."""

    card: Card
    parameters: Parameters
    reported: tuple[ReportedScore, ...] = ()
    measured: tuple[MeasuredScore, ...] = ()
    blocks: tuple[str, ...] = ()
    workings: Workings | None = None
    token_maps: TokenMaps | None = None

    @property
    def id(self) -> str:
        return self.card.id

    @property
    def runs(self) -> list[MeasuredScore]:
        """The scores of what really ran; a cost counted on shapes stands beside the claim that it was counted for."""
        return [score for score in self.measured if score.environment.device_kind != "meta"]

    @property
    def current_maps(self) -> TokenMaps | None:
        """Its token maps, if they are of its present version."""
        maps = self.token_maps
        return maps if maps is not None and maps.method_version == self.card.version else None

    @cached_property
    def claims(self) -> list[tuple[ReportedScore, list[Claim]]]:
        """What others report, each row with what became of its numbers here."""
        held = hold(self.reported, self.measured)
        return [(row, [claim for claim in held if claim.row == place]) for place, row in enumerate(self.reported)]


@dataclass(frozen=True)
class BenchmarkSummary:
    """An embedded benchmark, as its page shows it."""

    name: str
    revision: int
    family: str
    summary: str
    samples: int


@dataclass(frozen=True)
class Content:
    """Everything. ``benchmarks`` is ``None`` where the packages that they need are not installed."""

    catalogue: Catalogue
    methods: tuple[Method, ...]
    addresses: Addresses
    benchmarks: tuple[BenchmarkSummary, ...] | None = None
    reported_outside: ReportedOutside | None = None

    @cached_property
    def papers(self) -> list[Paper]:
        """The papers, newest first."""
        return sorted(self.catalogue, key=lambda paper: (-paper.year, paper.title.lower(), paper.id))

    @cached_property
    def methods_of_papers(self) -> dict[str, list[Method]]:
        """The methods that run a paper, by the paper's id."""
        found: dict[str, list[Method]] = {}
        for method in self.methods:
            if method.card.paper:
                found.setdefault(method.card.paper, []).append(method)
        return found

    @cached_property
    def scores(self) -> list[MeasuredScore]:
        """What was measured, method by method."""
        return [score for method in self.methods for score in method.measured]

    @property
    def names(self) -> dict[str, str]:
        """What readers see for a value of a vocabulary, by its id."""
        return self.catalogue.names


def read(root: Path) -> Content:
    """Read a tree.

    Raises:
        PrunariumError: a file is no valid record, or a method folder holds no method.
    """
    folders = [str(card.parent.resolve()) for card in sorted((root / "methods").glob("*/card.yaml"))]
    methods = tuple(_method(folder) for folder in folders)
    return Content(load(root), methods, addresses.read(root / "mkdocs.yml"), _benchmarks(), reported_outside(root))


def _method(folder: str) -> Method:
    reported, measured = registry.reported_scores(folder), registry.measured_of([folder])
    measured.sort(key=lambda score: (score.benchmark or "~", -score.cost.budget, score.setting))
    blocks = blocks_of(Path(folder) / "method.py")
    return Method(
        registry.find_card(folder),
        parameters_of(folder),
        tuple(reported),
        tuple(measured),
        blocks,
        workings_of(folder),
        registry.token_maps(folder),
    )


def _benchmarks() -> tuple[BenchmarkSummary, ...] | None:
    # The benchmarks hold tensors: they are looked up only here, so that importing the site does not load torch.
    try:
        from prunarium.bench.benchmarks import shipped_benchmarks
    except ModuleNotFoundError:
        return None
    return tuple(
        BenchmarkSummary(one.name, one.revision, one.family, one.summary, one.samples)
        for one in shipped_benchmarks().values()
    )
