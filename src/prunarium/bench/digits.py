"""The handwritten digits behind the embedded benchmarks (scikit-learn's copy of the UCI set).

Everything here is integer arithmetic on uint8, so the images are the same bytes on every machine.
"""

import functools

import numpy as np

SPLIT_SEED = 20_221_109
TEST_DIGITS = 500


@functools.cache
def _all_digits() -> tuple[np.ndarray, np.ndarray]:
    """The 1,797 digits as uint8 ``[digits, 8, 8]`` in 0..240, and their labels."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    return (digits.images * 15).astype(np.uint8), digits.target.astype(np.int64)


Pool = tuple[np.ndarray, np.ndarray]
"""Digits uint8 ``[n, 12, 12]`` and their labels int64 ``[n]``."""


def split(train: bool) -> tuple[np.ndarray, np.ndarray]:
    """Digits and labels of one side of a fixed split: a benchmark never shows a digit seen in training."""
    images, labels = _all_digits()
    order = np.random.default_rng(SPLIT_SEED).permutation(len(images))
    chosen = order[TEST_DIGITS:] if train else order[:TEST_DIGITS]
    return images[chosen], labels[chosen]


def pool(train: bool) -> Pool:
    """One side of the split, enlarged: what the benchmarks draw from."""
    images, labels = split(train)
    return enlarge(images), labels


def enlarge(digits: np.ndarray) -> np.ndarray:
    """``[digits, 8, 8]`` to ``[digits, 12, 12]``: three times up, then exact means of 2 x 2."""
    tripled = digits.repeat(3, axis=1).repeat(3, axis=2).astype(np.uint16)
    return (tripled.reshape(len(digits), 12, 2, 12, 2).sum(axis=(2, 4)) // 4).astype(np.uint8)
