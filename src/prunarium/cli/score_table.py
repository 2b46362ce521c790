"""A measured score as a table for people."""

from rich.table import Table

from prunarium.cli.console import console
from prunarium.records import Interval, MeasuredScore


def show_score(score: MeasuredScore) -> None:
    """Print the untouched model beside the method, and what the numbers mean."""
    cost, environment = score.cost, score.environment
    table = Table("", "untouched", score.method, "ratio or difference", title=f"{score.setting} on {score.model}")
    for column in table.columns[1:]:
        column.justify = "right"
    for quality in [score.quality, *score.other_quality] if score.quality else []:
        low, high = 100 * quality.difference_low, 100 * quality.difference_high
        points = 100 * (quality.method - quality.baseline)
        table.add_row(
            f"{quality.metric}, {quality.samples} samples",
            f"{100 * quality.baseline:.1f} %",
            f"{100 * quality.method:.1f} %",
            f"{points:+.1f} points ({low:+.1f}, {high:+.1f})",
        )
    table.add_row(
        "MACs per sample", _macs(cost.macs_baseline), _macs(cost.macs), f"{cost.macs_baseline / cost.macs:.2f}x fewer"
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
            f"latency, batch {speed.batch_size}", _ms(speed.baseline_ms), _ms(speed.method_ms), _ratio(speed.ratio)
        )
        per_second = [1e3 * speed.batch_size / times.median for times in (speed.baseline_ms, speed.method_ms)]
        table.add_row(f"per second, batch {speed.batch_size}", *(f"{rate:.0f}" for rate in per_second), "")
        table.add_row(
            f"own work, batch {speed.batch_size}", "", _ms(speed.own_ms), f"{100 * speed.own_share:.1f} % of the step"
        )
        if speed.peak_memory and speed.peak_memory_baseline:
            peaks = speed.peak_memory_baseline, speed.peak_memory
            table.add_row(
                f"peak memory, batch {speed.batch_size}", *map(_bytes, peaks), f"{peaks[0] / peaks[1]:.2f}x less"
            )
    out = console()
    out.print(table)
    counts = " ".join(f"{count:.0f}" for count in cost.tokens)
    out.print(f"{what}: {cost.tokens_baseline[0]} -> {counts}", soft_wrap=True)
    if environment.device_kind == "meta":
        out.print("Counted on shapes alone: nothing was computed, and no weights are needed.", style="dim")
        return
    out.print(
        f"Measured on {environment.device}, {environment.threads} threads, {environment.precision}, "
        f"torch {environment.versions.get('torch')}, against fused attention, in turns. "
        "Quality: paired 95 % interval. Times: median and its 95 % bootstrap interval; above 1x is faster than the "
        "untouched model. Own work: what the method itself does, timed apart. Memory: weights and inputs included.",
        soft_wrap=True,
        style="dim",
    )


def _macs(count: int) -> str:
    return f"{count / 1e9:.2f} G" if count >= 1e9 else f"{count / 1e6:.1f} M"


def _ms(times: Interval) -> str:
    return f"{times.median:.2f} ms"


def _ratio(ratio: Interval) -> str:
    return f"{ratio.median:.2f}x ({ratio.ci_low:.2f}, {ratio.ci_high:.2f})"


def _bytes(count: int) -> str:
    return f"{count / 1e6:.3g} MB"
