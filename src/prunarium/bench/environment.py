"""Where a score is measured: device, versions, commit, and what the model's weights are."""

import hashlib
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import get_args

import torch
from torch import nn

from prunarium import paths
from prunarium.errors import PrunariumError
from prunarium.records import DeviceKind, Environment, Precision

LIBRARIES = ("prunarium", "torch", "timm", "transformers", "numpy", "scikit-learn")


def environment(device: torch.device, precision: Precision) -> Environment:
    """The present environment."""
    commit, dirty = _commit()
    return Environment(
        device=device_name(device),
        device_kind=device_kind(device),
        threads=threads_of(device),
        precision=precision,
        python=platform.python_version(),
        platform=platform.platform(),
        versions={library: found for library in LIBRARIES if (found := _version(library))},
        commit=commit,
        dirty=dirty,
    )


def device_kind(device: torch.device) -> DeviceKind:
    """What computes. Other kinds would need their own name, synchronisation and memory counter to be measured.

    Raises:
        PrunariumError: nobody has taught Prunarium to measure on this kind of device.
    """
    for kind in get_args(DeviceKind):
        if kind == device.type:
            return kind
    raise PrunariumError(f"--device {device}: cannot be measured on; choose {', '.join(get_args(DeviceKind))}")


def threads_of(device: torch.device) -> int:
    """How many threads compute; one where nothing is computed, so that a count is the same cell everywhere."""
    return 1 if device.type == "meta" else torch.get_num_threads()


def device_name(device: torch.device) -> str:
    """The name of the processor or accelerator."""
    if device.type == "meta":
        return "none: counted on shapes"
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        models = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        if models:
            return models[0].split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def weights_hash(model: nn.Module) -> str:
    """sha256 of all weights, by name."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes())
    return f"sha256:{digest.hexdigest()}"


def _version(library: str) -> str | None:
    try:
        return version(library)
    except PackageNotFoundError:
        return None


def _commit() -> tuple[str | None, bool]:
    """The commit of Prunarium's repository, and whether what is there differs; none where it is not in its own."""
    root = paths.root()

    def git(*words: str) -> str:
        done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    try:
        if Path(git("rev-parse", "--show-toplevel")).resolve() != root.resolve():
            return None, False
        changed = git("status", "--porcelain", "--untracked-files=all", "--", ".", ":!methods/*/measured/*")
        return git("rev-parse", "HEAD"), bool(changed)  # the scores that a sweep writes do not change what it measures
    except (OSError, subprocess.CalledProcessError):
        return None, False
