"""One cell: a method at one setting on one model and benchmark with one seed. It becomes one measured score."""

import shlex
from collections.abc import Callable, Collection, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from prunarium import registry
from prunarium.bench import shapes
from prunarium.bench.benchmarks import EmbeddedBenchmark
from prunarium.bench.budgets import at_budget, at_macs
from prunarium.bench.prompt_benchmarks import find_prompt_benchmark
from prunarium.bench.prompt_run import PromptRun
from prunarium.bench.prompt_workload import PromptWorkload, check_scorer, prompt_workload
from prunarium.bench.records import CorruptRecordError, locked, read_score, score_path, write_score
from prunarium.bench.run import Run
from prunarium.bench.sharding import is_first
from prunarium.bench.workload import Workload, find_device
from prunarium.bench.workloads import workload_for
from prunarium.catalog.wording import in_words
from prunarium.errors import PrunariumError
from prunarium.families import Method, PromptMethod, TokenMethod, adapter_for
from prunarium.records import Card, Family, MeasuredScore, Speed
from prunarium.records.score import Precision
from prunarium.records.sweep import Count, Seconds, Seed

SECONDS = 6.0
_PLACES = (
    "benchmark",
    "model",
    "checkpoint",
    "data",
    "columns",
    "device",
    "samples",
    "image",
    "prompt",
    "precision",
    "seed",
)
_ON_SHAPES = ("model", "device", "precision", "seed")
"""What a count on shapes knows of these, or does not care for."""


def _in_order(sizes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(set(sizes)))


class Cell(BaseModel):
    """What is to be measured, in plain values: it travels to other processes and machines as it is.

    Attributes:
        method: id of a method, or the path of a method folder.
        parameters: of the method; the others keep their defaults.
        budget: mean tokens per block, of the untouched model's; finds the parameter for it.
        macs: multiply-accumulates, of the untouched model's; finds the parameter for them.
        benchmark: without it and without a model, the first embedded one that fits the method's family.
        model: a timm model, or the directory of a vision-language or text model; embedded benchmarks have their own.
        checkpoint: weights for ``model``.
        data: the folder of a benchmark whose data are not shipped.
        columns: of a dataset of texts: which is what, where their names do not tell.
        image: a picture to run ``model`` on, where no benchmark is.
        prompt: what to ask a vision-language model about it, or what a text model reads.
        seed: of torch, and of a method that draws lots; the samples stay the same.
        threads: of torch, in whatever process measures the cell; by default as many as torch takes where it is made.
        batch_sizes: to time, each once, from the smallest on; without them, 1 and the workload's large one.
        seconds: how long to time each batch size.
        samples: only so many of the benchmark's; all of them without it.
        trained: with the weights that come with the method for an embedded benchmark; of another model, it says that
            ``checkpoint`` was trained with the method.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: str
    parameters: dict[str, Any] = {}
    budget: float | None = None
    macs: float | None = None
    benchmark: str | None = None
    model: str | None = None
    checkpoint: Path | None = None
    data: Path | None = None
    columns: dict[str, str] | None = None
    image: Path | None = None
    prompt: str | None = None
    seed: Seed = 0
    device: str = "cpu"
    precision: Precision = "float32"
    threads: Count = Field(default_factory=torch.get_num_threads)
    batch_sizes: Annotated[tuple[Count, ...], AfterValidator(_in_order)] | None = None
    seconds: Seconds = SECONDS
    samples: int | None = None
    trained: bool = False

    def command(self) -> str:
        """The command that measures this cell again."""
        words = ["prunarium", "run", self.method]
        for name, value in self.parameters.items():
            words += ["--param", f"{name}={yaml_words([value])}"]
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if name not in ("method", "parameters", "batch_sizes", "columns") and value != field.default:
                words += [f"--{name}", *([] if value is True else [str(value)])]
        for role, column in (self.columns or {}).items():
            words += ["--column", f"{role}={column}"]
        for size in self.batch_sizes or ():
            words += ["--batch-size", str(size)]
        return shlex.join(words)

    @property
    def setting(self) -> str:
        """``r=4``, or empty where the method is as it comes."""
        words = [f"{name}={yaml_words([value])}" for name, value in self.parameters.items()]
        wanted = [f"{name}={value:g}" for name in ("budget", "macs") if (value := getattr(self, name)) is not None]
        return " ".join([*words, *wanted])

    @property
    def place(self) -> str:
        """Benchmark and model, as far as the cell names them."""
        return ", ".join(filter(None, (self.benchmark, self.model)))

    @property
    def source(self) -> str:
        """All that the workload is made from: cells that agree in it can share one."""
        return repr([getattr(self, name) for name in _PLACES])

    def __str__(self) -> str:
        """``tome r=4 on cluttered-digits, seed 1``"""
        words = [Path(self.method).name, self.setting, f"on {self.place}" if self.place else ""]
        return f"{' '.join(filter(None, words))}, seed {self.seed}"


def as_cell(**values: Any) -> Cell:
    """A cell of the values that are not ``None``.

    Raises:
        PrunariumError: a value is none that a cell can have.
    """
    try:
        return Cell(**{name: value for name, value in values.items() if value is not None})
    except ValidationError as error:
        fault = error.errors()[0]
        raise PrunariumError(f"--{fault['loc'][0]} {in_words(fault, Cell)}") from None


def yaml_words(values: Sequence[Any]) -> str:
    """Values as ``--param`` takes them: YAML on one line, separated by commas. ``[4, [1, 2]]`` gives ``4, [1, 2]``."""
    return yaml.safe_dump(list(values), default_flow_style=True, width=float("inf")).strip()[1:-1]


@dataclass(frozen=True)
class Outcome:
    """What became of a cell. It can be pickled.

    Attributes:
        state: ``measured`` now, ``there`` from before, or ``failed``.
        score: of a cell that did not fail.
        path: the file that holds it.
        error: one line, of a cell that failed.
        note: what a person should know besides, such as a record that was corrupt.
    """

    cell: Cell
    state: Literal["measured", "there", "failed"]
    score: MeasuredScore | None = None
    path: Path | None = None
    error: str = ""
    note: str = ""

    def as_data(self) -> dict[str, Any]:
        """The outcome for a JSON file."""
        return {
            "cell": self.cell.model_dump(mode="json"),
            "state": self.state,
            "path": str(self.path) if self.path else None,
            "error": self.error,
            "note": self.note,
            "score": self.score.model_dump(mode="json") if self.score else None,
        }


Task = Callable[[Cell], Outcome]
"""What an executor calls on each cell, in a process of its own: ``do``, or a ``functools.partial`` of it."""


@dataclass(frozen=True)
class Prepared:
    """A cell with all that it takes to measure it; nothing is measured yet.

    ``run`` holds card, method (at its budget) and workload.
    """

    cell: Cell
    run: Run | PromptRun
    path: Path

    def measure(self, speed: Sequence[Speed] | None = None) -> MeasuredScore:
        """The score; the same bits each time, but for the times. ``speed``: measured already, in turns with others.

        Raises:
            PrunariumError: as ``Run.measure``, or the budget is not the one that the cell asks for.
        """
        torch.manual_seed(self.cell.seed)
        score = self.run.measure(speed)
        if self.cell.budget is not None:
            self.run.check_budget(self.cell.budget, score)
        return score


def prepare(cell: Cell, root: Path | None = None, workload: Workload | PromptWorkload | None = None) -> Prepared:
    """Load and check all that a cell needs.

    Args:
        cell: what to measure.
        root: folder for the records, in place of the methods' own.
        workload: made already, for a cell that differs in the method and its setting alone.

    Raises:
        PrunariumError: something of the cell does not exist or does not fit.
    """
    card, method = registry.find_card(cell.method), _method(cell)
    torch.set_num_threads(cell.threads)
    run: Run | PromptRun
    if isinstance(method, PromptMethod):
        run = _prompt_run(cell, card, method, workload if isinstance(workload, PromptWorkload) else None)
    else:
        run = _run(cell, card, _in_model(method, cell), workload if isinstance(workload, Workload) else None)
    benchmark = run.workload.benchmark
    folder = registry.measured_folder(cell.method, root)
    return Prepared(
        cell, run, score_path(folder, benchmark.name if benchmark else None, run.workload.model_name, run.key)
    )


def _run(cell: Cell, card: Card, method: TokenMethod, workload: Workload | None) -> Run:
    on_shapes = cell.device == shapes.DEVICE
    if workload is None:
        workload = _workload_on_shapes(cell) if on_shapes else _workload(cell, card.families)
    if cell.trained and isinstance(workload.benchmark, EmbeddedBenchmark):
        weights = registry.folder_of(cell.method) / "weights"
        method = method.trained(weights / f"{workload.benchmark.name}-trained.safetensors")
    adapter_for(method, workload.model)
    if cell.budget is not None or cell.macs is not None:
        method = _turned(method, cell, workload)
    sizes = () if on_shapes else _sizes(cell, workload.large_batch)
    run = Run(card, method, workload, cell.command(), sizes, cell.seconds, cell.trained)
    return shapes.run_on_shapes(run) if on_shapes else run


def _prompt_run(cell: Cell, card: Card, method: PromptMethod, workload: PromptWorkload | None) -> PromptRun:
    """A method for prompts, on a benchmark that brings prompts and models."""
    benchmark = find_prompt_benchmark(cell.benchmark)
    for name in ("model", "checkpoint", "data", "image", "prompt", "macs"):
        if getattr(cell, name) is not None:
            raise PrunariumError(f"--{name} must be left out: {benchmark.name} comes with its own prompts and models")
    if cell.trained or cell.device == shapes.DEVICE:
        what = "--trained" if cell.trained else f"--device {cell.device}"
        raise PrunariumError(f"{what} is for methods in a model, and {card.id} shortens text; leave it out")
    check_scorer(method, card.id, benchmark)
    if cell.budget is not None:
        turned = method.with_budget(cell.budget)
        _check_free(method, turned, cell, "budget")
        method = turned
    if workload is None:
        workload = prompt_workload(benchmark, find_device(cell.device), cell.samples, cell.precision, cell.seed)
    return PromptRun(card, method, workload, cell.command(), _sizes(cell, workload.large_batch), cell.seconds)


def _sizes(cell: Cell, large: int) -> tuple[int, ...]:
    return cell.batch_sizes or tuple(sorted({1, large}))


def _workload(cell: Cell, families: Collection[Family]) -> Workload:
    return workload_for(**{name: getattr(cell, name) for name in _PLACES}, families=families)


def _workload_on_shapes(cell: Cell) -> Workload:
    others = {name: getattr(cell, name) for name in _PLACES if name not in _ON_SHAPES}
    return shapes.workload_on_shapes(cell.model, **others)


def do(cell: Cell, root: Path | None = None, again: bool = False) -> Outcome:
    """Measure a cell and keep its score, unless a score of it is there. Never raises for a fault of the cell.

    Args:
        cell: what to measure.
        root: folder for the records, in place of the methods' own.
        again: measure also what is there.
    """
    try:
        prepared = prepare(cell, root)
        outcome = settle(prepared, again)
        notes = (prepared.run.workload.warning, outcome.note)
        return replace(outcome, note="; ".join(filter(None, notes)))
    except Exception as error:  # a method is somebody's code: whatever it raises is a fault of this cell alone
        return failed(cell, error)


def failed(cell: Cell, error: Exception) -> Outcome:
    """The outcome of a cell that could not be measured, in one line."""
    said = str(error) if isinstance(error, PrunariumError) else f"{type(error).__name__}: {error}"
    return Outcome(cell, "failed", error=" ".join(said.split()))


def settle(prepared: Prepared, again: bool = False, speed: Sequence[Speed] | None = None) -> Outcome:
    """Measure what is prepared and keep its score, unless a score of it is there.

    Args:
        prepared: what to measure.
        again: measure also what is there.
        speed: measured already, in turns with others.

    Raises:
        PrunariumError: as ``Run.measure``, or the record cannot be written.
    """
    cell, path = prepared.cell, prepared.path
    note = ""
    with locked(path) if is_first() else nullcontext():
        try:
            there = read_score(path) if path.exists() else None
        except CorruptRecordError as error:
            there = None
            note = f"{error}; measured again"
        if there and not again:
            return Outcome(cell, "there", there, path)
        score = prepared.measure(speed)
        write_score(score, path)
    return Outcome(cell, "measured", score, path, note=note)


def _method(cell: Cell) -> Method:
    """A method that draws lots draws those of the cell's seed, unless the parameters have one."""
    draws = "seed" in registry.load_class(cell.method).model_fields
    return registry.load_method(cell.method, **{**({"seed": cell.seed} if draws else {}), **cell.parameters})


def _in_model(method: Method, cell: Cell) -> TokenMethod:
    assert isinstance(method, TokenMethod), f"{cell.method} is of an unknown kind"
    return method


def _turned(method: TokenMethod, cell: Cell, workload: Workload) -> TokenMethod:
    """The method at the cell's budget; a parameter that the budget decides must not be given as well."""
    if cell.budget is not None and cell.macs is not None:
        raise PrunariumError("--budget and --macs both turn the method; give one of them")
    if cell.budget is not None:
        name, turned = "budget", at_budget(method, cell.budget, workload)
    else:
        assert cell.macs is not None
        name, turned = "macs", at_macs(method, cell.macs, workload)
    _check_free(method, turned, cell, name)
    return turned


def _check_free(method: Method, turned: Method, cell: Cell, name: str) -> None:
    for parameter in cell.parameters:
        if getattr(turned, parameter) != getattr(method, parameter):
            raise PrunariumError(f"--{name} finds {parameter} by itself; leave out --param {parameter}=...")
