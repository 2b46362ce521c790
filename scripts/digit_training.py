"""What the training scripts of the digit benchmarks share."""

import math

import numpy as np
import torch
from scipy.ndimage import affine_transform

from prunarium.bench import digits


def augmented_pool(variants: int, seed: int) -> digits.Pool:
    """Training digits, and copies of them with small rotations, scalings and shears."""
    rng = np.random.default_rng(seed)
    images, labels = digits.pool(train=True)
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


def warm_up_then_cosine(
    optimiser: torch.optim.Optimizer, warm_up: int, steps: int
) -> torch.optim.lr_scheduler.LRScheduler:
    """The learning rate rises for ``warm_up`` steps, then falls to zero along a cosine."""

    def share(step: int) -> float:
        return min(step / warm_up, 0.5 * (1 + math.cos(math.pi * max(step - warm_up, 0) / max(steps - warm_up, 1))))

    return torch.optim.lr_scheduler.LambdaLR(optimiser, share)
