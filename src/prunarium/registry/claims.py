"""Holds what papers claim against what was measured here. Pure rules over the records: nothing runs.

A row of ``reported.yaml`` names in its ``counterpart`` the model and the parameters to measure here. Each number of a
row is a claim, and gets one of four statuses:

- ``reproduced``: the two agree.
- ``within noise``: they differ by what can come from the way of counting or measuring.
- ``not reproduced``: they differ by more.
- ``not comparable``: something else was measured, or nothing; the reason says what.

The rules, by kind of number:

**Compute**, as multiply-accumulates of one forward pass; no weights are needed. Two numbers are as far apart as their
difference is of the larger one, so that it does not matter which of them is claimed. Up to 2 % apart, or equal to the
printed digits: reproduced. Up to 5 %: within noise, as counters differ on norms, softmax, biases and the method's own
arithmetic. Beyond: not reproduced; but where the source leaves open a part of the setting (``assumed``), the
difference may come from there, and it is not comparable. A source that counts a multiply-accumulate as two FLOPs says
so in ``flops_per_mac``; one that counts otherwise (``share_only``) is compared by the share of the compute that is
left, and not by the compute itself. The share is also compared wherever the untouched model's compute is printed: a
fault common to both cancels in it.

**Accuracy** is comparable only on the same data, with the same weights, trained with the method or not as there.
ImageNet, its checkpoints and the data of the vision-language benchmarks are not shipped, so most are not comparable;
nor is one where the source does not say whether the model was trained with the method. Weights count as the same when
the untouched model is within 0.3 points of the printed accuracy. Then up to 0.1 points off: reproduced. Inside the 95 %
interval (Wilson's, of a share) that the number of images allows: within noise. Beyond: not reproduced.

**Speed-up** depends on the device: how soon it is bound by memory, what starting a kernel costs, the precision and the
batch size. It is comparable only on a device of the same name, at the batch size and in the precision of the source.
Then, inside the quartiles measured here: reproduced. Up to 10 % apart: within noise. Beyond: not reproduced. Where the
source names no batch size, the largest one here is taken, and where it names no precision, float32; a difference beyond
noise may then come from there, and it is not comparable. Times and throughputs themselves are never comparable.

Where a source names no precision, an accuracy too is compared in float32.

**Totals** count rows and not numbers, each by the worst status of its comparable numbers (``row_status``). The compute
of the untouched model does not count: it says nothing of the method. Nor does a share that follows from two computes
that are compared themselves.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from prunarium.records import MeasuredScore, Quality, ReportedScore
from prunarium.records.binomial import interval_of_share
from prunarium.records.score import Precision, Speed
from prunarium.registry.scores import measured_of, reported_scores

Status = Literal["reproduced", "within noise", "not reproduced", "not comparable"]

REPRODUCED, NOISE = 0.02, 0.05
SPEED_NOISE = 0.10
SAME_WEIGHTS, SAME_ACCURACY = 0.3, 0.1  # points
PER_UNIT = {"GMACs": 1e9, "GFLOPs": 1e9, "TFLOPs": 1e12}
IMAGENET = {"top1": "top-1", "top5": "top-5"}
UNNAMED: Precision = "float32"
"""What is compared where a source names no precision."""
WORST_FIRST: tuple[Status, ...] = ("not reproduced", "within noise", "reproduced", "not comparable")


@dataclass(frozen=True)
class Claim:
    """One number of one row, and what became of it here.

    Attributes:
        row: position of the row in ``reported.yaml``, from 0.
        what: what the number is of.
        claimed: the number; ``None`` where several stand together (``what`` names them).
        measured: the same here, in the same unit; ``None`` where there is none.
        reason: why it has its status; empty where the numbers say it.
        counts: whether it counts for its row; the untouched model's compute and what follows from others do not.
    """

    row: int
    what: str
    unit: str
    claimed: float | None
    measured: float | None
    status: Status
    reason: str = ""
    counts: bool = True

    @property
    def difference(self) -> float | None:
        """Measured here less claimed, as a share of the claim."""
        if self.claimed is None or self.measured is None:
            return None
        return self.measured / self.claimed - 1

    def in_words(self, number: float | None) -> str:
        """The claimed or the measured number with its unit, to four digits."""
        if number is None:
            return ""
        return f"{number:.4g}{'' if self.unit in ('', 'x') else ' '}{self.unit}"


def claims_of(method: str, root: Path | None = None) -> list[Claim]:
    """Every claim on a method of the registry, held against what was measured with its present version.

    Args:
        method: id of a method, or the path of a method folder.
        root: the folder that was given to ``bench --records``; without it, the method's own folder.

    Raises:
        PrunariumError: no such method, or a file of it is no valid record.
    """
    return hold(reported_scores(method), measured_of([method], root=root))


def hold(reported: Sequence[ReportedScore], measured: Sequence[MeasuredScore]) -> list[Claim]:
    """Hold the rows of a method against its measured scores."""
    return [
        claim for row, score in enumerate(reported) for claim in _claims(row, score, _counterparts(score, measured))
    ]


def totals(claims: Iterable[Claim]) -> Counter[Status]:
    """How many rows have each status."""
    rows: dict[int, list[Claim]] = {}
    for claim in claims:
        rows.setdefault(claim.row, []).append(claim)
    return Counter(row_status(held) for held in rows.values())


def row_status(claims: Iterable[Claim]) -> Status:
    """The worst status of those numbers of a row that count and are comparable."""
    found = {claim.status for claim in claims if claim.counts}
    return next((status for status in WORST_FIRST if status in found), "not comparable")


def _counterparts(row: ReportedScore, measured: Sequence[MeasuredScore]) -> list[MeasuredScore]:
    """The scores of the row's model at the row's parameters."""
    wanted = row.counterpart
    if wanted is None:
        return []
    return [
        score for score in measured if _is_model(score.model, wanted.model) and score.parameters == wanted.parameters
    ]


def _is_model(name: str, wanted: str) -> bool:
    return name == wanted or name.startswith(f"{wanted}.")  # timm writes the name of the weights after a full stop


def _claims(row: int, score: ReportedScore, there: list[MeasuredScore]) -> Iterator[Claim]:
    yield from _compute(row, score, there)
    yield from _accuracy(row, score, there)
    yield from _speed(row, score, there)


def _compute(row: int, score: ReportedScore, there: list[MeasuredScore]) -> Iterator[Claim]:
    cost = there[0].cost if there else None
    wanted = score.counterpart
    missing = score.no_counterpart or "not counted here yet"
    if score.compute is not None and score.compute_unit is not None:
        unit, one = score.compute_unit, PER_UNIT[score.compute_unit] / score.flops_per_mac
        pairs = [
            ("compute, untouched", score.compute_baseline, cost.macs_baseline / one if cost else None),
            ("compute", score.compute, cost.macs / one if cost else None),
        ]
        for what, claimed, ours in pairs:
            if claimed is None:
                continue
            counts = what == "compute"
            if ours is None or wanted is None:
                yield Claim(row, what, unit, claimed, None, "not comparable", missing, counts)
            elif wanted.share_only:
                yield Claim(row, what, unit, claimed, None, "not comparable", wanted.share_only, counts)
            else:
                yield Claim(row, what, unit, claimed, ours, *compute_status(claimed, ours, wanted.assumed), counts)
    yield from _share(row, score, missing, cost.macs / cost.macs_baseline if cost else None)


def _share(row: int, score: ReportedScore, missing: str, ours: float | None) -> Iterator[Claim]:
    """The share of compute left, as printed, or of the two computes that are."""
    share, what, wanted = score.compute_share, "share of compute left", score.counterpart
    counts = share is not None or bool(wanted and wanted.share_only)
    if share is None and score.compute and score.compute_baseline:
        share = score.compute / score.compute_baseline
    if share is None:
        return
    if ours is None or wanted is None:
        yield Claim(row, what, "", share, None, "not comparable", missing, counts)
    else:
        yield Claim(row, what, "", share, ours, *compute_status(share, ours, wanted.assumed), counts)


def compute_status(claimed: float, measured: float, assumed: str | None = None) -> tuple[Status, str]:
    """Status and reason of a compute, by the rules above."""
    off = apart(claimed, measured)
    noted = f"assumed: {assumed}" if assumed else ""
    if off <= REPRODUCED or equal_as_printed(claimed, measured):
        return "reproduced", noted
    if off <= NOISE:
        return "within noise", noted
    if assumed:
        return "not comparable", f"the source leaves the setting open, and it differs as assumed here: {assumed}"
    return "not reproduced", ""


def apart(one: float, other: float) -> float:
    """How far apart two positive numbers are, as a share of the larger; the same both ways round."""
    return abs(one - other) / max(one, other)


def equal_as_printed(printed: float, number: float) -> bool:
    """Whether a number, rounded to the digits of a printed one, is that one."""
    return round(number, len(repr(printed).partition(".")[2])) == printed


def _accuracy(row: int, score: ReportedScore, there: list[MeasuredScore]) -> Iterator[Claim]:
    found = {name: _quality(score, name, there) for name in score.result}
    for name, quality in found.items():
        if quality is not None:
            ours = 100 * quality.method
            yield Claim(row, name, "%", score.result[name], ours, *_accuracy_status(score, name, quality))
    if rest := [name for name, quality in found.items() if quality is None]:
        yield Claim(
            row,
            ", ".join(rest),
            "",
            score.result[rest[0]] if len(rest) == 1 else None,
            None,
            "not comparable",
            _why_no_accuracy(score),
        )


def _quality(row: ReportedScore, name: str, there: list[MeasuredScore]) -> Quality | None:
    """What was measured here of an accuracy on ImageNet, with trained weights and training as in the row."""
    if not _on_imagenet(row) or row.trained is None:
        return None
    fitting = [
        score
        for score in there
        if score.benchmark == "imagenet"
        and score.trained == row.trained
        and score.environment.precision == (row.precision or UNNAMED)
    ]
    fitting.sort(key=lambda score: (score.measured_on, score.key), reverse=True)  # the last one counts
    qualities = (quality for score in fitting for quality in (score.quality, *score.other_quality))
    return next((one for one in qualities if one is not None and one.metric == IMAGENET.get(name)), None)


def _on_imagenet(row: ReportedScore) -> bool:
    return row.dataset.startswith("ImageNet")


def _why_no_accuracy(row: ReportedScore) -> str:
    if row.trained:
        return (
            f"claimed after fine-tuning with the method; here the method runs off the shelf, and not on {row.dataset}"
        )
    if row.trained is None and _on_imagenet(row):
        return "the source does not say whether the model was trained with the method"
    return f"neither {row.dataset} nor the weights of {row.model} are shipped"


def _accuracy_status(row: ReportedScore, name: str, quality: Quality) -> tuple[Status, str]:
    untouched = row.baseline.get(name)
    if untouched is None:
        return "not comparable", "the source prints no untouched accuracy to tell the weights by"
    if abs(100 * quality.baseline - untouched) > SAME_WEIGHTS:
        return "not comparable", f"other weights: untouched {100 * quality.baseline:.1f} here, {untouched} there"
    if abs(100 * quality.method - row.result[name]) <= SAME_ACCURACY:
        return "reproduced", ""
    low, high = interval_of_share(quality.method, quality.samples)
    return ("within noise", "") if 100 * low <= row.result[name] <= 100 * high else ("not reproduced", "")


def _speed(row: int, score: ReportedScore, there: list[MeasuredScore]) -> Iterator[Claim]:
    if score.speed_up is not None:
        yield _speed_up(row, score, score.speed_up, [(one, speed) for one in there for speed in one.speed])
    elif score.timing is not None:
        reason = f"{_where(score)}, without the untouched model's: a time belongs to its device"
        yield Claim(row, "timing", score.timing.unit, score.timing.result, None, "not comparable", reason)


def _speed_up(row: int, score: ReportedScore, claimed: float, timed: list[tuple[MeasuredScore, Speed]]) -> Claim:
    batch = score.timing.batch if score.timing else None
    alike = [
        (one, speed)
        for one, speed in timed
        if score.device
        and same_device(score.device, one.environment.device)
        and batch in (None, speed.batch_size)
        and one.environment.precision == (score.precision or UNNAMED)
    ]
    if not timed:
        return Claim(row, "speed-up", "x", claimed, None, "not comparable", f"{_where(score)}; not timed here")
    one, speed = max(alike or timed, key=lambda pair: (pair[1].batch_size, pair[0].measured_on, pair[0].key))
    here = f"{one.environment.device}, batch {speed.batch_size}, {one.environment.precision}"
    status: Status = "not comparable"
    reason = f"{_where(score)}, here on {here}: a ratio belongs to its device, batch size and precision"
    if alike:
        status = speed_status(claimed, speed.ratio.low, speed.ratio.median, speed.ratio.high)
        names = {"batch size": batch, "precision": score.precision}
        unnamed = " and ".join(name for name, value in names.items() if value is None)
        reason = f"the source names no {unnamed}; here on {here}" if unnamed else ""
        if unnamed and status == "not reproduced":
            status = "not comparable"
    return Claim(row, "speed-up", "x", claimed, speed.ratio.median, status, reason)


def same_device(claimed: str, here: str) -> bool:
    """Whether every word of the claimed name is one of the device's: V100 is Tesla V100-SXM2-16GB, A10 is no A100."""
    return _words(claimed) <= _words(here)


def _words(name: str) -> set[str]:
    return set(re.findall(r"[a-z0-9]+", re.sub(r"(\d)g\b", r"\1gb", name.lower())))


def _where(score: ReportedScore) -> str:
    """``claimed on V100, batch 64``"""
    names = [score.device or "a device that is not named"]
    names += [f"batch {score.timing.batch}"] if score.timing and score.timing.batch else []
    return f"claimed on {', '.join([*names, *filter(None, [score.precision])])}"


def speed_status(claimed: float, low: float, median: float, high: float) -> Status:
    """Status of a speed-up measured on the same device, by the rules above."""
    if low <= claimed <= high:
        return "reproduced"
    return "within noise" if apart(claimed, median) <= SPEED_NOISE else "not reproduced"
