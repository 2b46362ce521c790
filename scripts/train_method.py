"""Fine-tune a vit method on cluttered-digits: its learned parts and, with --backbone, the model too (some minutes).

    python scripts/train_method.py dynamicvit
    python scripts/train_method.py evit --backbone --param keep_rate=0.5

The loss is cross-entropy, distillation from the untouched model, and the method's own, which holds it to its budget. A
method whose counts do not depend on the data is turned to another amount in every step, so that one file serves every
budget. Written to the method's folder in half precision: ``weights/cluttered-digits.safetensors`` holds parts for the
model as it is; with --backbone, ``weights/cluttered-digits-trained.safetensors`` holds parts and the model trained with
them.

The files that come with the methods were made with ``--batch 32 --variants 2`` and

    dynamicvit    --steps 600                 tps      --steps 600
    patchmerger   --steps 2200 --rate 1e-2 --variants 3
    sit           --steps 1500 --rate 5e-3    sinkhorn --steps 500 --rate 1e-2
    as-vit        --steps 250 --rate 1e-2     ltmp     --steps 100 --rate 1e-2

and, with --backbone,

    dynamicvit    --steps 500                 tps      --steps 500
    patchmerger   --steps 900 --rate 5e-3     sit      --steps 900 --rate 5e-3
    sinkhorn      --steps 700 --rate 5e-3     as-vit   --steps 300        ltmp     --steps 300
    a-vit         --steps 700 --rate 5e-3 --param gate_center=10 --param ponder_weight=0.02
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from rich.progress import track
from safetensors.torch import save_file
from torch import Tensor, nn

from digit_training import augmented_pool, warm_up_then_cosine
from prunarium import load, registry
from prunarium.bench import cluttered_digits, digits
from prunarium.bench.models import WEIGHTS, cluttered_digits_vit, load_weights
from prunarium.cli.values import parse_setting
from prunarium.errors import PrunariumError
from prunarium.families import LearnedMethod, TokenMethod, shape_of

NAME = "cluttered-digits"


def untrained(name: str, parameters: dict[str, Any]) -> TokenMethod:
    """The method, its learned parts as they are before any training."""
    if issubclass(registry.load_class(name), LearnedMethod):
        parameters = {"weights": "random", **parameters}
    method = load(name, **parameters)
    if not method.trains:
        raise PrunariumError(f"{name} has no rule for training")
    return method


def distillation(logits: Tensor, teacher: Tensor) -> Tensor:
    """Divergence of the answers from the untouched model's."""
    ours, theirs = logits.log_softmax(dim=-1), teacher.log_softmax(dim=-1)
    return nn.functional.kl_div(ours, theirs, reduction="batchmean", log_target=True)


def fine_tune(
    method: TokenMethod,
    model: nn.Module,
    batches: Callable[[int], tuple[Tensor, Tensor]],
    *,
    steps: int,
    rate: float,
    backbone: bool,
    amounts: tuple[float, float],
) -> TokenMethod:
    """Train the method's learned parts, and the model with ``backbone``, in place.

    Args:
        method: the method, not fitted yet.
        model: a classifier.
        batches: images and labels of a step.
        steps: optimiser steps.
        rate: peak learning rate.
        backbone: whether the model learns too, at a tenth of the rate.
        amounts: lowest and highest amount of tokens that the method is turned to, unless it is adaptive.

    Returns:
        the method, fitted to the model, with its learned parts.
    """
    shape = shape_of(method, model)
    method = method.fit(shape)
    teacher = load_weights(cluttered_digits_vit(), WEIGHTS / f"{NAME}.safetensors")
    parts = list(method.learned.parameters()) if isinstance(method, LearnedMethod) else []
    groups: list[dict[str, Any]] = [
        {"params": parts, "lr": rate},
        {"params": list(model.parameters()) if backbone else [], "lr": rate / 10},
    ]
    groups = [group for group in groups if group["params"]]
    if not groups:
        raise PrunariumError(f"{type(method).__name__} learns nothing of its own; give --backbone to train the model")
    model.requires_grad_(backbone).train()
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01)
    schedule = warm_up_then_cosine(optimiser, max(1, steps // 20), steps)
    draw = np.random.default_rng(0)
    for step in track(range(1, steps + 1), "training"):
        images, labels = batches(step)
        turned = method if method.adaptive else method.knob(draw.uniform(*amounts), shape)
        with torch.no_grad():
            wanted = teacher(images)
        with turned.apply(model) as handle:
            logits = model(images)
            own = turned.loss(handle.memory)
        loss = nn.functional.cross_entropy(logits, labels) + distillation(logits, wanted)
        loss = loss if own is None else loss + own
        optimiser.zero_grad()
        loss.backward()
        for group in groups:
            nn.utils.clip_grad_norm_(group["params"], 1.0)
        optimiser.step()
        schedule.step()
        if step % 100 == 0:
            print(f"step {step}: loss {loss.item():.3f}, own {0.0 if own is None else own.item():.4f}", flush=True)
    model.eval()
    return method


def save(method: TokenMethod, model: nn.Module | None, path: Path) -> None:
    """Write the learned parts, and the model if given, in half precision, to a temporary file first."""
    learned = method.learned.state_dict() if isinstance(method, LearnedMethod) else {}
    state = {f"parts.{name}": value for name, value in learned.items()}
    if model is not None:
        state |= {f"model.{name}": value for name, value in model.state_dict().items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    save_file({name: value.half().contiguous() for name, value in state.items()}, partial)
    partial.replace(path)


def tell_accuracy(method: TokenMethod, model: nn.Module, images: Tensor, labels: Tensor) -> None:
    """Print the accuracy and the tokens left, untouched and at a few amounts."""
    shape = shape_of(method, model)
    for amount in (1.0, 0.9, 0.7, 0.5, 0.3):
        with torch.inference_mode(), method.knob(amount, shape).apply(model) as handle:
            right = (model(images).argmax(dim=-1) == labels).float().mean().item()
        print(f"amount {amount}: accuracy {right:.4f}, budget {handle.report().budget:.3f}", flush=True)


def main(
    name: Annotated[str, typer.Argument(metavar="METHOD")],
    out: Annotated[Path | None, typer.Option(help="default: the method's folder")] = None,
    param: Annotated[list[str] | None, typer.Option(help="a parameter of the method, as name=value")] = None,
    backbone: Annotated[bool, typer.Option(help="train the model too, and write it")] = False,
    steps: Annotated[int, typer.Option(min=1)] = 800,
    batch: Annotated[int, typer.Option(min=1)] = 64,
    rate: Annotated[float, typer.Option(help="peak learning rate of the learned parts; the model's is a tenth")] = 2e-3,
    lowest: Annotated[float, typer.Option(help="least amount of tokens to turn the method to, 0 to 1")] = 0.2,
    highest: Annotated[float, typer.Option(help="most of it")] = 0.95,
    variants: Annotated[int, typer.Option(help="warped copies of each training digit")] = 3,
    check: Annotated[int, typer.Option(min=1, help="test images for the accuracies printed at the end")] = 1000,
    threads: int = 1,
) -> None:
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    method = untrained(name, parse_setting(param or []))
    model = load_weights(cluttered_digits_vit(), WEIGHTS / f"{NAME}.safetensors")
    pool = augmented_pool(variants, seed=1) if variants else digits.pool(train=True)

    def batches(step: int) -> tuple[Tensor, Tensor]:
        made = cluttered_digits.generate(batch, 50_000 + step, digit_pool=pool)
        return torch.from_numpy(made.images)[:, None] / 255, torch.from_numpy(made.labels)

    trained = fine_tune(method, model, batches, steps=steps, rate=rate, backbone=backbone, amounts=(lowest, highest))
    path = out or registry.folder_of(name) / "weights" / f"{NAME}{'-trained' if backbone else ''}.safetensors"
    save(trained, model if backbone else None, path)
    print(f"{path}: {path.stat().st_size / 1024:.0f} KiB")
    images, labels, _ = cluttered_digits.generate(check, 60_000)
    tell_accuracy(trained, model, torch.from_numpy(images)[:, None] / 255, torch.from_numpy(labels))


if __name__ == "__main__":
    try:
        typer.run(main)
    except PrunariumError as error:
        sys.exit(f"error: {error}")
