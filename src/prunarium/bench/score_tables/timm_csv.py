"""CSV with the columns of timm's ``results/``: those of its validation, of its timing, and then our own.

As there, quality is in percent, parameters in millions, a step in milliseconds. A score has one row for each batch
size that was timed. timm's models are untouched: ``method`` and ``setting`` say what ours ran with.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from prunarium.bench.score_tables.model_facts import model_facts
from prunarium.records import MeasuredScore

VALIDATION = ("top1", "top1_err", "top5", "top5_err", "param_count", "img_size", "crop_pct", "interpolation")
TIMING = ("infer_img_size", "infer_samples_per_sec", "infer_step_time", "infer_batch_size", "infer_gmacs")
CACHED = ("cache_bytes", "decode_step_time", "decode_speed_up")
"""Of a model that says words: the key-value cache of a prompt, and each word after it, in milliseconds."""
WHERE = ("precision", "device", "threads", "key")
OWN = ("method", "setting", "budget", "benchmark", "seed", "infer_speed_up", *CACHED, *WHERE)
COLUMNS = ("model", *VALIDATION, *TIMING, *OWN)


def content(scores: Sequence[MeasuredScore]) -> bytes:
    """The table with its header."""
    stream = io.StringIO()
    table = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    table.writeheader()
    for score in scores:
        table.writerows(_rows(score))
    return stream.getvalue().encode()


def _rows(score: MeasuredScore) -> Iterator[dict[str, Any]]:
    facts = model_facts(score.model, score.benchmark, score.cost.macs_baseline)
    row = {
        "model": score.model,
        **_quality(score),
        "param_count": None if facts.param_count is None else round(facts.param_count / 1e6, 2),
        "img_size": facts.img_size,
        "crop_pct": facts.crop_pct,
        "interpolation": facts.interpolation,
        "infer_img_size": facts.img_size,
        "infer_gmacs": round(score.cost.macs / 1e9, 4),
        "method": score.method,
        "setting": score.setting,
        "budget": score.cost.budget,
        "cache_bytes": score.cost.cache.bytes if score.cost.cache else None,
        "benchmark": score.benchmark,
        "seed": score.seed,
        "precision": score.environment.precision,
        "device": score.environment.device,
        "threads": score.environment.threads,
        "key": score.key,
    }
    for speed in score.speed:
        step = speed.method_ms.median
        yield {
            **row,
            "infer_samples_per_sec": round(1e3 * speed.batch_size / step, 2) if step else None,
            "infer_step_time": round(step, 3),
            "infer_batch_size": speed.batch_size,
            "infer_speed_up": speed.ratio.median,
            "decode_step_time": round(speed.decode.method_ms.median, 3) if speed.decode else None,
            "decode_speed_up": speed.decode.ratio.median if speed.decode else None,
        }
    if not score.speed:
        yield row


def _quality(score: MeasuredScore) -> dict[str, float]:
    cells = {}
    for quality in (score.quality, *score.other_quality):
        if quality:
            column = "top5" if quality.metric == "top-5" else "top1"
            cells[column] = round(100 * quality.method, 3)
            cells[f"{column}_err"] = round(100 - 100 * quality.method, 3)
    return cells
