"""Scores written by hand, as pictures read them."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from prunarium import paths
from prunarium.bench.pictures.trade_off import TradeOff, trade_offs
from prunarium.records import Card, MeasuredScore
from prunarium.records.natural_key import natural_key_of

MACS, QUALITY = 16_000_000, 0.95
BUDGETS = (0.75, 0.5, 0.25)
HOSTILE = "</text><script>odd()</script> $x_i^2$ \\ & \"'<b> 🌱 {{ 7 * 7 }}"


def interval(median: float) -> dict[str, Any]:
    ends = {"low": 0.9 * median, "high": 1.1 * median, "ci_low": 0.96 * median, "ci_high": 1.02 * median}
    return {"median": median, **ends, "repeats": 30}


def score(
    method: str = "tome",
    budget: float = 0.5,
    quality: float | None = 0.9,
    ratios: dict[int, float] | None = None,
    parameters: dict[str, Any] | None = None,
    device: str = "A Processor",
    **changes: Any,
) -> MeasuredScore:
    """A record with a valid key; ``ratios`` are the speed ratios by batch size."""
    parameters = {"keep": budget} if parameters is None else parameters
    judged = None
    if quality is not None:
        difference = quality - QUALITY
        judged = {
            "metric": "accuracy",
            "samples": 2000,
            "baseline": QUALITY,
            "method": quality,
            "difference_low": round(difference - 0.012, 6),
            "difference_high": round(difference + 0.008, 6),
            "answers": "0" * 64,
        }
    data = {
        "key": "0" * 16,
        "method": method,
        "method_version": 1,
        "setting": f"Made({', '.join(f'{name}={value!r}' for name, value in parameters.items())})",
        "parameters": parameters,
        "family": "vit",
        "benchmark": "cluttered-digits",
        "benchmark_revision": 1,
        "data_checksum": "d" * 64,
        "model": "small",
        "weights": "sha256:" + "0" * 64,
        "seed": 0,
        "trained": False,
        "quality": judged,
        "cost": {
            "macs_baseline": MACS,
            "macs": round(MACS * budget),
            "macs_own": 1000,
            "tokens_baseline": [64] * 4,
            "tokens": [64.0 * budget] * 4,
            "budget": budget,
        },
        "speed": [
            {"batch_size": size, "baseline_ms": interval(2.0), "method_ms": interval(2.0 / ratio)}
            | {"ratio": interval(ratio), "own_ms": interval(0.1), "own_share": 0.05}
            for size, ratio in ({1: 0.7, 64: 1.5} if ratios is None else ratios).items()
        ],
        "environment": {
            "device": device,
            "device_kind": "cpu",
            "threads": 2,
            "precision": "float32",
            "python": "3.12.1",
            "platform": "Linux",
            "versions": {"torch": "2.6.0"},
            "dirty": False,
        },
        "command": "prunarium run tome",
        "measured_on": "2026-11-22",
    }
    made = MeasuredScore.model_validate(data | changes)
    return made.model_copy(update={"key": natural_key_of(made)})


def card(name: str, shown: str | None = None, baseline: bool = False) -> Card:
    return Card(
        id=name,
        name=shown or name,
        summary="A method of a test.",
        families=["vit"],
        training_free=True,
        baseline=baseline,
        paper=None if baseline else "tome",
        parity="none",
        parity_reason="it is for a test",
    )


def many(count: int) -> TradeOff:
    """A picture of as many methods, each at three budgets, with a yardstick of three seeds."""
    names = [f"method-{place:02d}" for place in range(count)]
    scores = [
        score(
            name, budget, QUALITY - (1 - budget) ** 2 * (0.3 + 0.03 * place), {1: 0.6, 8: 1 + (1 - budget) * place / 5}
        )
        for place, name in enumerate(names)
        for budget in BUDGETS
    ]
    scores += [
        score(
            "random", budget, budget + 0.01 * seed, {1: 0.7, 8: 2 - budget + seed / 50}, {"keep": budget, "seed": seed}
        )
        for budget in BUDGETS
        for seed in range(3)
    ]
    cards = {name: card(name) for name in names} | {"random": card("random", "Random", baseline=True)}
    return trade_offs(scores, cards)[0]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree with two methods and a yardstick that were measured, and one that was not; it is the one that is read."""
    root = tmp_path / "tree"
    for name in ("tome", "evit", "random", "identity"):
        folder = root / "methods" / name
        (folder / "measured").mkdir(parents=True)
        for file in ("card.yaml", "method.py"):
            shutil.copy(paths.root() / "methods" / name / file, folder)
    for name, quality in (("tome", 0.93), ("evit", 0.92), ("random", 0.7)):
        for budget in BUDGETS:
            keep(root, score(name, budget, quality * budget**0.1))
    monkeypatch.setattr(paths, "root", lambda: root)
    return root


def keep(root: Path, made: MeasuredScore) -> None:
    path = root / "methods" / made.method / "measured" / f"{made.benchmark}-{made.key}.json"
    path.write_text(made.model_dump_json())
