"""The natural key of a measured score: everything that ran, and nothing that came out."""

import hashlib
import json
from typing import Any

from prunarium.records.score import MeasuredScore, Precision

KEY_LENGTH = 16


def natural_key(
    *,
    method: str,
    method_version: int,
    setting: str,
    benchmark: str | None,
    benchmark_revision: int | None,
    data_checksum: str | None,
    model: str,
    weights: str,
    seed: int,
    precision: Precision,
    device: str,
    threads: int,
    batch_sizes: tuple[int, ...],
    learned: str | None = None,
) -> str:
    """16 hexadecimal digits of the sha256 of the parts as canonical JSON. Equal keys: the same cell."""
    parts: dict[str, Any] = {name: value for name, value in locals().items() if name != "learned" or value is not None}
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:KEY_LENGTH]


def natural_key_of(score: MeasuredScore) -> str:
    """The natural key that a score should have, from what it says of itself."""
    return natural_key(
        method=score.method,
        method_version=score.method_version,
        setting=score.setting,
        benchmark=score.benchmark,
        benchmark_revision=score.benchmark_revision,
        data_checksum=score.data_checksum,
        model=score.model,
        weights=score.weights,
        learned=score.learned,
        seed=score.seed,
        precision=score.environment.precision,
        device=score.environment.device,
        threads=score.environment.threads,
        batch_sizes=tuple(speed.batch_size for speed in score.speed),
    )
