"""Scripts as modules, so that a test can call what is in them, and what methods are trained on."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from prunarium.bench.models import save_weights
from prunarium.paths import root


def script(name: str) -> ModuleType:
    """A file of ``scripts/``, which may import its neighbours."""
    folder = root() / "scripts"
    sys.path.insert(0, str(folder))
    try:
        spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(folder))
    return module


def untrained_task(training: ModuleType, family: str, folder: Path) -> Any:
    """What methods of a family are trained on, with random weights in place of the benchmark's."""
    torch.manual_seed(0)
    task = training.TASKS[family]
    save_weights(task.benchmark.build(), folder / "random.safetensors")
    return task.of_model(folder / "random.safetensors")
