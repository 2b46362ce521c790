"""Measured scores, measured again: what was expected, what came out, and whether the record holds."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from prunarium import registry
from prunarium.bench.benchmarks import Benchmark, shipped_benchmarks
from prunarium.bench.cells import SECONDS, Cell, Prepared, prepare
from prunarium.bench.environment import device_name
from prunarium.bench.prompt_workload import PromptWorkload
from prunarium.bench.wording import percent, times
from prunarium.bench.workload import Workload
from prunarium.errors import PrunariumError
from prunarium.records import Cache, Card, Environment, Foretelling, Interval, MeasuredScore, Quality, Speed
from prunarium.records.binomial import interval_of_share

Verdict = Literal["passed", "failed", "skipped"]
SPEED_BAND = 1.25
"""A speed ratio may leave the quartiles of the record by this factor: below the lower, or above the upper one."""


@dataclass(frozen=True)
class Check:
    """One quantity: what the record says, what came out, and the verdict. A skipped one says why in ``note``."""

    quantity: str
    expected: str
    got: str
    verdict: Verdict
    note: str = ""


@dataclass(frozen=True)
class Verification:
    """What became of one record. ``reason`` says why it was skipped, or could not be measured at all."""

    method: str
    setting: str
    benchmark: str | None
    file: Path
    verdict: Verdict
    checks: tuple[Check, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Missing:
    """An embedded benchmark of a method's family on which no record of the method held."""

    method: str
    benchmark: str

    def __str__(self) -> str:
        return (
            f"{self.method} on {self.benchmark}: no record of its present version held; "
            f"'prunarium bench {self.method} --benchmark {self.benchmark}' measures one"
        )


@dataclass(frozen=True)
class Again:
    """How records are measured again.

    Attributes:
        speed: time it too.
        seconds: how long to time each batch size.
        data: folder of the images, or files of the dataset, for records on data that are not shipped.
        columns: of that dataset: which is what, where their names do not tell.
        checkpoint: weights, or the directory of a vision-language or text model, for records of models that are not
            shipped.
    """

    speed: bool = False
    seconds: float = SECONDS
    data: Path | None = None
    checkpoint: Path | None = None
    columns: dict[str, str] | None = None


def cheapest(records: Mapping[Path, MeasuredScore]) -> dict[Path, MeasuredScore]:
    """Of each embedded benchmark the one record that is the least work to measure again."""
    chosen: dict[str, Path] = {}
    for path, score in records.items():
        if score.benchmark in shipped_benchmarks():
            best = chosen.setdefault(score.benchmark or "", path)
            if _work(score) < _work(records[best]):
                chosen[score.benchmark or ""] = path
    return {path: records[path] for path in chosen.values()}


def _work(score: MeasuredScore) -> tuple[bool, int, int]:
    """What can be measured here first, and the newest version of a method."""
    elsewhere = score.environment.device_kind == "cuda" and not torch.cuda.is_available()
    return elsewhere, -score.method_version, score.cost.macs * (score.quality.samples if score.quality else 1)


def missing(names: Iterable[str], found: Collection[Verification]) -> list[Missing]:
    """Every embedded benchmark of the methods' families on which none of their records held.

    A method that has to be told more than its parameters, such as TRIM the question, is measured on none; nor is one
    on a benchmark of which its card says why.

    Raises:
        PrunariumError: there is no such method.
    """
    held = {(one.method, one.benchmark) for one in found if one.verdict == "passed"}
    wanted = [
        Missing(card.id, benchmark.name)
        for card in map(registry.find_card, names)
        for benchmark in shipped_benchmarks().values()
        if _due(card, benchmark)
    ]
    return [one for one in wanted if (one.method, one.benchmark) not in held]


def _due(card: Card, benchmark: Benchmark) -> bool:
    """Benchmarks of prompts say all that is asked; in a model nobody tells a method more than its parameters."""
    if benchmark.family not in card.families or benchmark.name in card.unmeasured:
        return False
    return benchmark.family == "prompt" or not registry.load_class(card.id).asks


def verify(
    name: str,
    path: Path,
    score: MeasuredScore,
    again: Again,
    progress: Callable[[str, float], None] | None = None,
    made: dict[str, Workload | PromptWorkload] | None = None,
) -> Verification:
    """Measure a record again and compare.

    Args:
        name: the method, or the path of its folder.
        path: the file of the record.
        score: the record.
        again: how.
        progress: called with what begins and the share that is done.
        made: the workloads of records before it on shipped benchmarks; its own is added.
    """

    def result(verdict: Verdict, reason: str = "", checks: tuple[Check, ...] = ()) -> Verification:
        return Verification(score.method, score.setting, score.benchmark, path, verdict, checks, reason)

    version = registry.find_card(name).version
    if score.method_version != version:
        return result("skipped", f"is of version {score.method_version} of the method, which is now {version}")
    threads = torch.get_num_threads()
    try:
        method = registry.load_method(name, **score.parameters)
        if repr(method) != score.setting:
            return result("failed", f"the parameters of the record make {method!r}")
        try:
            cell, made = _cell(name, score, again), {} if made is None else made
            prepared = prepare(cell, workload=made.get(cell.source))
            if score.benchmark in shipped_benchmarks():
                made[cell.source] = prepared.run.workload
        except PrunariumError as error:
            return result("skipped", f"cannot be run here: {error}")
        if reason := _other_inputs(score, prepared):
            return result("skipped", reason)
        run = prepared.run
        here = device_name(run.workload.device)
        timed = again.speed and here == score.environment.device
        run.batch_sizes = tuple(speed.batch_size for speed in score.speed) if timed else ()
        run.progress = progress or run.progress
        checks = tuple(_checks(score, prepared.measure()))
        if again.speed and not timed:
            checks += tuple(_speeds_of_another_device(score, here))
    except PrunariumError as error:
        return result("failed", str(error))
    except Exception as error:  # a method is somebody's code: whatever it raises is a fault of this record alone
        return result("failed", " ".join(f"{type(error).__name__}: {error}".split()))
    finally:
        torch.set_num_threads(threads)
    return result("failed" if any(check.verdict == "failed" for check in checks) else "passed", checks=checks)


def _cell(name: str, score: MeasuredScore, again: Again) -> Cell:
    """The cell that a record was measured from, with the knob where its budget put it."""
    shipped = score.benchmark in shipped_benchmarks()
    directory = again.checkpoint if score.family != "vit" and not shipped else None  # holds the model, too
    return Cell(
        method=name,
        parameters=score.parameters,
        benchmark=score.benchmark,
        model=None if shipped else str(directory or score.model),
        checkpoint=None if shipped or directory else again.checkpoint,
        data=again.data if score.benchmark and not shipped else None,
        columns=again.columns if score.benchmark and not shipped and directory else None,
        seed=score.seed,
        device=score.environment.device_kind,
        precision=score.environment.precision,
        threads=score.environment.threads,
        seconds=again.seconds,
        samples=score.quality.samples if score.quality else None,
        trained=score.trained,
    )


def _other_inputs(score: MeasuredScore, prepared: Prepared) -> str:
    """Why the record cannot be held to what is here; empty where it can."""
    workload = prepared.run.workload
    benchmark = workload.benchmark
    if benchmark and benchmark.revision != score.benchmark_revision:
        return f"is of revision {score.benchmark_revision} of {benchmark.name}, here is {benchmark.revision}"
    if benchmark and workload.data_checksum != score.data_checksum:
        return f"other data: {_start(workload.data_checksum)} here, the record has {_start(score.data_checksum)}"
    (weights, learned), names = prepared.run.weights, ("weights", "learned parts")
    for what, here, there in zip(names, (weights, learned), (score.weights, score.learned), strict=True):
        if here != there:
            return f"other {what}: {_start(here)} here, the record has {_start(there)}"
    return ""


def _checks(expected: MeasuredScore, got: MeasuredScore) -> Iterator[Check]:
    """Everything that a record says of the result."""
    differs = _environment_differs(expected.environment, got.environment)
    for before, after in zip(_qualities(expected), _qualities(got), strict=True):
        yield _untouched(before, after, differs)
        yield _quality(before, after)
        if before.answers_baseline:  # records from before it was kept have none
            name = f"{after.metric}, untouched answers"
            yield _answers(name, before.answers_baseline, str(after.answers_baseline), differs)
        yield _answers(f"{after.metric}, answers", before.answers, after.answers, differs)
    if expected.perplexity and got.perplexity:
        yield _perplexity(expected.perplexity, got.perplexity)
    for quantity, field in (
        ("MACs, untouched", "macs_baseline"),
        ("MACs", "macs"),
        ("MACs of its own", "macs_own"),
        ("tokens, untouched", "tokens_baseline"),
        ("tokens per block", "tokens"),
    ):
        yield _equal(quantity, getattr(expected.cost, field), getattr(got.cost, field))
    if expected.cost.cache and got.cost.cache:  # records from before it was kept have none
        yield from _cache(expected.cost.cache, got.cost.cache)
    for there, here in zip(expected.speed, got.speed, strict=False):  # none where it was not timed again
        yield from _behind_words(there, here)
    timed = _ratios(got)
    for quantity, ratio in _ratios(expected).items():
        if quantity in timed:
            yield _ratio(quantity, ratio, timed[quantity])


def _behind_words(expected: Speed, got: Speed) -> Iterator[Check]:
    before, after = expected.decode, got.decode
    if before and after and before.cache_bytes:  # records from before it was kept have none
        name = f"cache bytes behind {after.words} words, batch {got.batch_size}"
        yield _equal(name, before.cache_bytes, after.cache_bytes)


def _cache(expected: Cache, got: Cache) -> Iterator[Check]:
    for quantity, field in (
        ("cache bytes, untouched", "bytes_baseline"),
        ("cache bytes", "bytes"),
        ("cached tokens per layer, untouched", "entries_baseline"),
        ("cached tokens per layer", "entries"),
        ("image tokens read per layer", "tokens_read"),
    ):
        if getattr(expected, field) or getattr(got, field):  # a prompt has no image tokens
            yield _equal(quantity, getattr(expected, field), getattr(got, field))


def _ratios(score: MeasuredScore) -> dict[str, Interval]:
    """Everything that was timed against the untouched model."""
    found = {}
    for speed in score.speed:
        found[f"speed ratio, batch {speed.batch_size}"] = speed.ratio
        if speed.decode:
            found[f"decode ratio, batch {speed.batch_size}"] = speed.decode.ratio
    return found


def _qualities(score: MeasuredScore) -> list[Quality]:
    return [quality for quality in (score.quality, *score.other_quality) if quality]


def _quality(expected: Quality, got: Quality) -> Check:
    """The difference to the untouched model, against its paired interval."""
    low, high = expected.difference_low, expected.difference_high
    difference = got.method - got.baseline
    inside = round(low, 6) <= round(difference, 6) <= round(high, 6)
    return Check(
        f"{got.metric}, difference",
        f"{100 * low:+.2f} to {100 * high:+.2f} points",
        f"{100 * difference:+.2f} points",
        "passed" if inside else "failed",
    )


def _perplexity(expected: Foretelling, got: Foretelling) -> Check:
    """The ratio to the untouched model's perplexity, against its paired interval."""
    ratio = got.method / got.baseline
    inside = round(expected.ratio_low, 5) <= round(ratio, 5) <= round(expected.ratio_high, 5)
    wanted = f"{expected.ratio_low:.4f}x to {expected.ratio_high:.4f}x"
    return Check("perplexity, ratio", wanted, f"{ratio:.4f}x", "passed" if inside else "failed")


def _untouched(expected: Quality, got: Quality, differs: str) -> Check:
    """The untouched model's quality: the same here, and elsewhere inside the interval that its samples allow."""
    low, high = interval_of_share(expected.baseline, expected.samples) if differs else (expected.baseline,) * 2
    wanted = f"{percent(low, 2)} to {percent(high, 2)}" if differs else percent(expected.baseline, 2)
    verdict: Verdict = "passed" if low <= got.baseline <= high else "failed"
    return Check(f"{got.metric}, untouched", wanted, percent(got.baseline, 2), verdict)


def _answers(quantity: str, expected: str, got: str, differs: str) -> Check:
    """The same bits are expected of the same processor and libraries; elsewhere a near tie may fall otherwise."""
    same = expected == got
    verdict: Verdict = "passed" if same else "skipped" if differs else "failed"
    note = "" if same else f"may differ: {differs}" if differs else "same device, threads and versions, other answers"
    return Check(quantity, _start(expected), _start(got), verdict, note)


def _environment_differs(expected: Environment, got: Environment) -> str:
    """``torch 2.6.0, was 2.5.1``: what may make answers differ by a rounding."""
    here = {"device": got.device, "threads": str(got.threads), **got.versions}
    there = {"device": expected.device, "threads": str(expected.threads), **expected.versions}
    names = [name for name in {**there, **here} if name != "prunarium" and here.get(name) != there.get(name)]
    return ", ".join(f"{name} {here.get(name, 'missing')}, was {there.get(name, 'missing')}" for name in names)


def _equal(quantity: str, expected: object, got: object) -> Check:
    return Check(quantity, _words(expected), _words(got), "passed" if expected == got else "failed")


def _ratio(quantity: str, expected: Interval, got: Interval) -> Check:
    """The median, against the quartiles of the record widened by ``SPEED_BAND``."""
    low, high = _band(expected)
    verdict: Verdict = "passed" if low <= got.median <= high else "failed"
    return Check(quantity, f"{times(low)} to {times(high)}", times(got.median), verdict)


def _speeds_of_another_device(score: MeasuredScore, here: str) -> Iterator[Check]:
    """A ratio belongs to its device, so elsewhere none is timed."""
    for quantity, ratio in _ratios(score).items():
        low, high = _band(ratio)
        note = f"timed on {score.environment.device}, here is {here}"
        yield Check(quantity, f"{times(low)} to {times(high)}", "not timed", "skipped", note)


def _band(ratio: Interval) -> tuple[float, float]:
    return ratio.low / SPEED_BAND, ratio.high * SPEED_BAND


def _words(value: object) -> str:
    if isinstance(value, Iterable):
        return " ".join(f"{count:g}" for count in value)
    return f"{value:,}"


def _start(checksum: str | None) -> str:
    """Enough of a checksum to see whether two are the same."""
    text = str(checksum)
    return text if len(text) <= 32 else f"{text[:19]}..."
