"""A measured score as a table for people."""

from rich.table import Table

from prunarium.bench.wording import difference, macs, megabytes, percent, place, ratio, times
from prunarium.cli.console import console
from prunarium.records import Interval, MeasuredScore


def show_score(score: MeasuredScore) -> None:
    """Print the untouched model beside the method, and what the numbers mean."""
    cost, environment = score.cost, score.environment
    table = Table("", "untouched", score.method, "ratio or difference", title=f"{score.setting} on {score.model}")
    for column in table.columns[1:]:
        column.justify = "right"
    for quality in [score.quality, *score.other_quality] if score.quality else []:
        table.add_row(
            f"{quality.metric}, {quality.samples} samples",
            percent(quality.baseline),
            percent(quality.method),
            f"{difference(quality)} points",
        )
    table.add_row(
        "MACs per sample", macs(cost.macs_baseline), macs(cost.macs), f"{times(cost.macs_baseline / cost.macs)} fewer"
    )
    what = "tokens per block" if score.family == "vit" else "image tokens per layer"
    table.add_row(
        f"mean {what}",
        f"{sum(cost.tokens_baseline) / len(cost.tokens_baseline):.0f}",
        f"{sum(cost.tokens) / len(cost.tokens):.1f}",
        f"budget {cost.budget:.3f}",
    )
    for speed in score.speed:
        table.add_row(
            f"latency, batch {speed.batch_size}", _ms(speed.baseline_ms), _ms(speed.method_ms), ratio(speed.ratio)
        )
        per_second = [1e3 * speed.batch_size / step.median for step in (speed.baseline_ms, speed.method_ms)]
        table.add_row(f"per second, batch {speed.batch_size}", *(f"{rate:.0f}" for rate in per_second), "")
        table.add_row(
            f"own work, batch {speed.batch_size}", "", _ms(speed.own_ms), f"{percent(speed.own_share)} of the step"
        )
        if speed.peak_memory and speed.peak_memory_baseline:
            peaks = speed.peak_memory_baseline, speed.peak_memory
            table.add_row(
                f"peak memory, batch {speed.batch_size}", *map(megabytes, peaks), f"{times(peaks[0] / peaks[1])} less"
            )
    out = console()
    out.print(table)
    counts = " ".join(f"{count:.0f}" for count in cost.tokens)
    out.print(f"{what}: {cost.tokens_baseline[0]} -> {counts}", soft_wrap=True)
    if environment.device_kind == "meta":
        out.print("Counted on shapes alone: nothing was computed, and no weights are needed.", style="dim")
        return
    out.print(
        f"Measured on {place(environment)}, "
        f"torch {environment.versions.get('torch')}, against fused attention, in turns. "
        "Quality: paired 95 % interval. Times: median and its 95 % bootstrap interval; above 1x is faster than the "
        "untouched model. Own work: what the method itself does, timed apart. Memory: weights and inputs included.",
        soft_wrap=True,
        style="dim",
    )


def _ms(times: Interval) -> str:
    return f"{times.median:.2f} ms"
