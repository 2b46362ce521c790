"""A measured score as a table for people."""

from collections.abc import Iterator

from rich.table import Table

from prunarium.bench.wording import difference, macs, megabytes, percent, place, ratio, times
from prunarium.cli.console import console
from prunarium.records import Cost, Family, Interval, MeasuredScore, Speed

_COUNTED: dict[Family, str] = {
    "vlm": "image tokens per layer",
    "decoder": "cached tokens per layer",
    "prompt": "tokens of a prompt",
}
_OWN: dict[Family, str] = {"prompt": "compression"}


def show_score(score: MeasuredScore) -> None:
    """Print the untouched model beside the method, and what the numbers mean."""
    cost, environment = score.cost, score.environment
    table = Table("", "untouched", score.method, "ratio or difference", title=f"{score.setting} on {score.model}")
    for column in table.columns[1:]:
        column.justify = "right"
    if (found := score.perplexity) is not None:
        ratio_of_words = f"{found.ratio_low:.3f} to {found.ratio_high:.3f}"
        table.add_row(
            f"perplexity, {found.words} tokens", f"{found.baseline:.2f}", f"{found.method:.2f}", f"x {ratio_of_words}"
        )
    of_all = [(one.metric, one) for one in (score.quality, *score.other_quality) if one]
    of_kinds = [(f"of the question '{kind}'", one) for kind, one in score.quality_by_kind.items()]
    for what, quality in of_all + of_kinds:
        table.add_row(
            f"{what}, {quality.samples} samples",
            percent(quality.baseline),
            percent(quality.method),
            f"{difference(quality)} points",
        )
    what = _COUNTED.get(score.family, "tokens per block")
    for row in (
        *_cost_rows(cost, what),
        *(row for speed in score.speed for row in _speed_rows(speed, _OWN.get(score.family, "own work"))),
    ):
        table.add_row(*row)
    out = console()
    out.print(table)
    out.print(f"{what}: {cost.tokens_baseline[0]} -> {_counts(cost.tokens)}", soft_wrap=True)
    if (cache := cost.cache) and score.family == "vlm":
        out.print(
            f"cached tokens per layer: {cache.entries_baseline[0]:.0f} -> {_counts(cache.entries)}", soft_wrap=True
        )
        if sum(cache.tokens_read) > 1.01 * sum(cost.tokens):
            out.print(f"image tokens per layer before the eviction: {_counts(cache.tokens_read)}", soft_wrap=True)
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


def _cost_rows(cost: Cost, what: str) -> Iterator[tuple[str, ...]]:
    fewer = times(cost.macs_baseline / cost.macs)
    yield "MACs per sample", macs(cost.macs_baseline), macs(cost.macs), f"{fewer} fewer"
    if cost.macs_own:
        yield "  of its own", "", macs(cost.macs_own), ""
    for stage, count in cost.macs_by_stage.items():
        plain = cost.macs_by_stage_baseline[stage]
        yield f"  of the {stage}", macs(plain), macs(count), f"{times(plain / count)} fewer" if count else ""
    before, after = (sum(counts) / len(counts) for counts in (cost.tokens_baseline, cost.tokens))
    yield f"mean {what}", f"{before:.0f}", f"{after:.1f}", f"budget {cost.budget:.3f}"
    if cost.cache:
        yield "key-value cache of a prompt", *_less(cost.cache.bytes_baseline, cost.cache.bytes)


def _speed_rows(speed: Speed, own: str) -> Iterator[tuple[str, ...]]:
    at, step = f"batch {speed.batch_size}", "prefill" if speed.decode else "latency"
    yield f"{step}, {at}", _ms(speed.baseline_ms), _ms(speed.method_ms), ratio(speed.ratio)
    rates = [1e3 * speed.batch_size / taken.median for taken in (speed.baseline_ms, speed.method_ms)]
    yield f"per second, {at}", *(f"{rate:.0f}" for rate in rates), ""
    yield f"{own}, {at}", "", _ms(speed.own_ms), f"{percent(speed.own_share)} of the step"
    if speed.decode:
        word = speed.decode
        yield f"each word after it, {at}", _ms(word.baseline_ms), _ms(word.method_ms), ratio(word.ratio)
        if word.own_ms and word.own_share is not None:
            yield f"{own} in a word, {at}", "", _ms(word.own_ms), f"{percent(word.own_share)} of the word"
        if word.cache_bytes and word.cache_bytes_baseline:
            cache = f"key-value cache after {word.words} words, {at}"
            yield cache, *_less(word.cache_bytes_baseline, word.cache_bytes)
    if speed.peak_memory and speed.peak_memory_baseline:
        yield f"peak memory, {at}", *_less(speed.peak_memory_baseline, speed.peak_memory)


def _less(before: int, after: int) -> tuple[str, str, str]:
    """Bytes."""
    return megabytes(before), megabytes(after), f"{times(before / after)} less"


def _counts(tokens: list[float]) -> str:
    return " ".join(f"{count:.0f}" for count in tokens)


def _ms(times: Interval) -> str:
    return f"{times.median:.2f} ms"
