"""Digits for training: small changes of those that the benchmarks do not test on."""

import math

import numpy as np
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
