"""Train the small ViT that the cluttered-digits benchmark ships (about 40 minutes on one core).

    python scripts/train_cluttered_digits.py OUT.safetensors

Warm-up and gradient clipping are not optional: without them this model does not learn at all.
"""

import math
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from rich.progress import track
from scipy.ndimage import affine_transform

from prunarium.bench import cluttered_digits, digits
from prunarium.bench.models import cluttered_digits_vit, save_weights


def augmented_pool(variants: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Training digits with small rotations, scalings and shears, ``[n, 12, 12]``."""
    rng = np.random.default_rng(seed)
    images, labels = digits.split(train=True)
    images = digits.enlarge(images)
    pool = [images]
    middle = (images.shape[-1] - 1) / 2
    for _ in range(variants):
        warped = np.empty_like(images)
        for i, image in enumerate(images):
            angle, shear = rng.normal(0, 0.12), rng.normal(0, 0.12)
            scale = rng.normal(1, 0.07, size=2)
            turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
            matrix = turn @ np.array([[scale[0], shear], [0, scale[1]]])
            offset = middle - matrix @ [middle, middle] + rng.normal(0, 0.4, size=2)
            warped[i] = affine_transform(image, matrix, offset, order=1)
        pool.append(warped)
    return np.concatenate(pool), np.tile(labels, variants + 1)


def main(
    out: Path,
    steps: Annotated[int, typer.Option(help="optimiser steps")] = 9000,
    batch: int = 128,
    rate: Annotated[float, typer.Option(help="peak learning rate")] = 1.5e-3,
    variants: Annotated[int, typer.Option(help="warped copies of each training digit")] = 15,
    threads: int = 2,
) -> None:
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    model = cluttered_digits_vit()
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.05)
    warm_up = 400
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser,
        lambda s: min(s / warm_up, 0.5 * (1 + math.cos(math.pi * max(s - warm_up, 0) / (steps - warm_up)))),
    )
    pool = augmented_pool(variants, seed=1)
    test, test_labels = (torch.from_numpy(a) for a in cluttered_digits.generate(2000, seed=0))

    model.train()
    for step in track(range(1, steps + 1), "training"):
        images, labels = (torch.from_numpy(a) for a in cluttered_digits.generate(batch, 10_000 + step, digit_pool=pool))
        loss = torch.nn.functional.cross_entropy(model(images[:, None] / 255), labels, label_smoothing=0.05)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % 500 == 0 or step == steps:
            model.eval()
            with torch.inference_mode():
                right = model(test[:, None] / 255).argmax(-1) == test_labels
            model.train()
            print(f"step {step}: loss {loss.item():.3f}, test accuracy {right.float().mean().item():.4f}", flush=True)
            save_weights(model, out)


if __name__ == "__main__":
    typer.run(main)
