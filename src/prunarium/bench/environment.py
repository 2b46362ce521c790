"""Where a score is measured: device, versions, commit, and what the model's weights are."""

import hashlib
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch
from torch import nn

from prunarium import paths
from prunarium.records import Environment

LIBRARIES = ("prunarium", "torch", "timm", "transformers", "numpy", "scikit-learn")


def environment(device: torch.device) -> Environment:
    """The present environment."""
    return Environment(
        device=device_name(device),
        threads=torch.get_num_threads(),
        precision="float32",
        python=platform.python_version(),
        versions={library: found for library in LIBRARIES if (found := _version(library))},
        commit=_commit(),
    )


def device_name(device: torch.device) -> str:
    """The name of the processor or accelerator."""
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


def _commit() -> str | None:
    def git(*words: str) -> str:
        done = subprocess.run(["git", "-C", str(paths.root()), *words], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    try:
        return git("rev-parse", "HEAD") + ("+" if git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return None
