"""What a method is run on: a model with its inputs, from an embedded benchmark or the user's own."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import requests
import torch
from torch import Tensor, nn

from prunarium.bench.benchmarks import Benchmark, Inputs, Samples, classify
from prunarium.errors import PrunariumError, did_you_mean

RANDOM_WEIGHTS_SEED = 0


@dataclass(frozen=True)
class Workload:
    """A model, its inputs, and how it answers.

    Attributes:
        model_name: the name under which scores are recorded.
        patch: pixels along a patch, for pictures.
        large_batch: a batch size at which throughput is measured.
        answer: class or vocabulary scores of a batch ``[batch, answers]``.
        weights: how random weights were made; empty for trained ones, whose hash is recorded.
        benchmark: empty where only cost is measured.
    """

    model: nn.Module
    model_name: str
    data: Samples
    patch: int
    large_batch: int
    answer: Callable[[nn.Module, Inputs], Tensor]
    device: torch.device
    weights: str = ""
    seed: int = 0
    benchmark: Benchmark | None = None
    warning: str = ""


def embedded(benchmark: Benchmark, device: torch.device) -> Workload:
    """A benchmark with the model that the package ships for it."""
    return Workload(
        model=benchmark.model().to(device),
        model_name=benchmark.name,
        data=benchmark.data(),
        patch=benchmark.patch,
        large_batch=benchmark.large_batch,
        answer=benchmark.answer,
        device=device,
        benchmark=benchmark,
    )


def timm_model(name: str, checkpoint: Path | None, image: Path | None, device: torch.device) -> Workload:
    """Any timm model on one image (or noise): cost is measured, quality is not.

    Pretrained weights are used when a checkpoint is given or the hub can be reached; random ones otherwise.

    Raises:
        PrunariumError: timm has no such model, the checkpoint does not fit, or the image is none.
    """
    if checkpoint is None:
        _do_not_wait_for_an_unreachable_hub()
    import timm

    plain, _, tag = name.partition(".")
    if not timm.is_model(plain):
        raise PrunariumError(f"timm has no model '{name}'{did_you_mean(plain, timm.list_models())}")
    if tag and name not in (tagged := timm.list_pretrained(f"{plain}.*")):
        raise PrunariumError(f"timm has no weights '{name}'{did_you_mean(name, tagged)}")
    model, weights, warning = _with_weights(name, checkpoint)
    model = model.to(device).eval()
    config = timm.data.resolve_model_data_config(model)
    return Workload(
        model=model,
        model_name=name,
        data=_one_image(image, timm.data.create_transform(**config), config["input_size"]),
        patch=_patch_size(model),
        large_batch=32,
        answer=classify,
        device=device,
        weights=weights,
        warning=warning,
    )


def _patch_size(model: Any) -> int:
    return model.patch_embed.patch_size[0] if hasattr(model, "patch_embed") else 1


def _with_weights(name: str, checkpoint: Path | None) -> tuple[nn.Module, str, str]:
    import timm

    if checkpoint is not None:
        if not checkpoint.is_file():
            raise PrunariumError(f"{checkpoint}: there is no such checkpoint; give the path of a weights file")
        try:
            return timm.create_model(name, checkpoint_path=str(checkpoint)), "", ""
        except Exception as error:
            reason = str(error).splitlines()[0]
            raise PrunariumError(f"{checkpoint}: does not fit {name}: {reason}") from error
    try:
        return timm.create_model(name, pretrained=True), "", ""
    except Exception as error:  # no network, no such weights, a half-finished download: all mean the same here
        torch.manual_seed(RANDOM_WEIGHTS_SEED)
        reason = f"{type(error).__name__}: {str(error).splitlines()[0]}"
        warning = f"random weights, quality is meaningless: no pretrained ones for {name} could be had ({reason})"
        return timm.create_model(name), f"random, torch seed {RANDOM_WEIGHTS_SEED}", warning


def _do_not_wait_for_an_unreachable_hub() -> None:
    """The hub's client retries for a minute without a network; one quick look decides instead."""
    hub = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    try:
        requests.head(hub, timeout=3)
    except requests.RequestException:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")  # read when the client is first imported


def read_image(path: Path) -> Any:
    """An RGB picture from a file.

    Raises:
        PrunariumError: the file is missing or no image.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            return image.convert("RGB")
    except FileNotFoundError as error:
        raise PrunariumError(f"{path}: there is no such image") from error
    except (UnidentifiedImageError, OSError, ValueError) as error:
        raise PrunariumError(f"{path}: is not an image that can be read; give a PNG or JPEG file") from error


def _one_image(path: Path | None, transform: Any, size: tuple[int, int, int]) -> Samples:
    if path is None:
        noise = np.random.default_rng(0).integers(256, size=(size[1], size[2], 3), dtype=np.uint8)
        from PIL import Image

        image = Image.fromarray(noise)
    else:
        image = read_image(path)
    tensor = transform(image)
    low, high = tensor.amin(), tensor.amax()
    seen = ((tensor - low) / (high - low).clamp(min=1e-6) * 255).byte().permute(1, 2, 0).numpy()
    return Samples({"images": tensor[None]}, None, seen[None])
