"""Method folders with records of real, tiny runs, and records that differ from them in one thing."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from prunarium import paths
from prunarium.bench.cells import Cell, do
from prunarium.records import MeasuredScore
from prunarium.records.natural_key import natural_key_of

SAMPLES = 100
FAMILIES = re.compile(r"families: \[.*\]")
RUNS: dict[str, list[dict[str, Any]]] = {
    "tome": [{"budget": 0.5}, {"budget": 0.75}],
    "topk-cls": [{"budget": 0.5}],
    "random": [{"budget": 0.5, "seed": 0}, {"budget": 0.5, "seed": 1}],
}


@pytest.fixture(scope="session")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copies of method folders that hold nothing but these records. Read it, do not change it.

    Top-k by cls attention is of one family here, so that nothing of it is missing; random is of several.
    """
    root, threads = tmp_path_factory.mktemp("measured"), torch.get_num_threads()
    for name, runs in RUNS.items():
        folder = root / name
        folder.mkdir()
        for file in ("card.yaml", "method.py"):
            text = (paths.root() / "methods" / name / file).read_text()
            (folder / file).write_text(FAMILIES.sub("families: [vit]", text) if name == "topk-cls" else text)
        for run in runs:
            cell = Cell(
                method=str(folder),
                benchmark="cluttered-digits",
                samples=SAMPLES,
                seconds=0,
                batch_sizes=(1, 4),
                threads=1,
                **run,
            )
            outcome = do(cell)
            assert outcome.state == "measured", outcome.error
    torch.set_num_threads(threads)
    return root


@pytest.fixture
def folders(measured: Path, tmp_path: Path) -> Path:
    """The same, to change."""
    return Path(shutil.copytree(measured, tmp_path / "methods"))


def only(folder: Path) -> tuple[Path, MeasuredScore]:
    """The first record of a method folder."""
    path = min((folder / "measured").glob("*.json"))
    return path, MeasuredScore.model_validate(json.loads(path.read_text()))


def altered(score: MeasuredScore, **changes: Any) -> MeasuredScore:
    """A score with other values, such as ``cost__macs=3``, under the key that it then has."""
    data = score.model_dump(mode="json")
    for name, value in changes.items():
        place: Any = data
        *parts, last = (int(part) if part.isdigit() else part for part in name.split("__"))
        for part in parts:
            place = place[part]
        place[last] = value
    changed = MeasuredScore.model_validate(data)
    return changed.model_copy(update={"key": natural_key_of(changed)})


def write(folder: Path, score: MeasuredScore, name: str = "") -> Path:
    """Keep a score in a method folder."""
    path = folder / "measured" / f"{name or score.benchmark}-{score.key}.json"
    path.write_text(score.model_dump_json(indent=1))
    return path
