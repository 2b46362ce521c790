"""Train the small ViT that the cluttered-digits benchmark ships (about 40 minutes on one core).

    python scripts/train_cluttered_digits.py OUT.safetensors

Warm-up and gradient clipping are not optional: without them this model does not learn at all. Two things make it learn
in minutes rather than hours: the clutter grows over the first third of the training, and until half-way a second loss
asks every patch which digit it belongs to. That head is thrown away.
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from rich.progress import track

from digit_training import augmented_pool
from learning import warm_up_then_cosine
from prunarium.bench import cluttered_digits
from prunarium.bench.models import cluttered_digits_vit, save_weights


def patch_labels(made: cluttered_digits.Clutter, patch: int, digit: int) -> torch.Tensor:
    """For every patch the digit it lies in, or 10 ``[images, patches]``."""
    middle = np.arange(cluttered_digits.CANVAS // patch) * patch + patch / 2
    inside = [(middle >= c[:, None]) & (middle < c[:, None] + digit) for c in made.corner]
    within = inside[0][:, :, None] & inside[1][:, None, :]
    return torch.from_numpy(np.where(within, made.labels[:, None, None], 10).reshape(len(made.labels), -1))


def main(
    out: Path,
    steps: Annotated[int, typer.Option(help="optimiser steps")] = 14000,
    batch: int = 64,
    rate: Annotated[float, typer.Option(help="peak learning rate")] = 1.5e-3,
    variants: Annotated[int, typer.Option(help="warped copies of each training digit")] = 10,
    threads: int = 2,
) -> None:
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    model = cluttered_digits_vit()
    patch_head = torch.nn.Linear(model.embed_dim, 11)
    parameters = [*model.parameters(), *patch_head.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=rate, weight_decay=0.05)
    schedule = warm_up_then_cosine(optimiser, 400, steps)
    pool = augmented_pool(variants, seed=1)
    test, test_labels = (torch.from_numpy(array) for array in cluttered_digits.generate(2000, seed=0)[:2])
    cross_entropy = torch.nn.functional.cross_entropy

    model.train()
    for step in track(range(1, steps + 1), "training"):
        pieces = min(cluttered_digits.PIECES, step * 3 * (cluttered_digits.PIECES + 1) // steps)
        made = cluttered_digits.generate(batch, 10_000 + step, digit_pool=pool, pieces=pieces)
        features = model.forward_features(torch.from_numpy(made.images)[:, None] / 255)
        loss = cross_entropy(model.forward_head(features), torch.from_numpy(made.labels), label_smoothing=0.05)
        by_patch = cross_entropy(patch_head(features[:, 1:]).transpose(1, 2), patch_labels(made, 4, pool[0].shape[-1]))
        loss = loss + max(0.0, 1 - 2 * step / steps) * by_patch
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
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
