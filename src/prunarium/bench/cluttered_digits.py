"""``cluttered-digits``: name the one whole digit among torn pieces of other digits.

A 12 x 12 digit lies anywhere on a noisy 32 x 32 canvas, with pieces of other digits around it. The model sees 64
patch tokens of 4 x 4 pixels, of which 9 to 16 carry the answer: dropping at random must hurt, dropping background
must not.
"""

from typing import NamedTuple

import numpy as np

from prunarium.bench import digits

REVISION = 1
CANVAS = 32
PIECE = 6
PIECES = 6
NOISE = 16  # of 255, everywhere


class Clutter(NamedTuple):
    """Images uint8 ``[count, 32, 32]``, labels ``[count]``, and row and column of the digit's corner ``[2, count]``."""

    images: np.ndarray
    labels: np.ndarray
    corner: np.ndarray


def generate(
    count: int, seed: int, train: bool = False, digit_pool: digits.Pool | None = None, pieces: int = PIECES
) -> Clutter:
    """Make images.

    Args:
        count: number of images.
        seed: the same seed gives the same bytes.
        train: draw from the training digits instead of the test digits.
        digit_pool: other digits to draw from, ``([n, 12, 12] uint8, [n] labels)``; the training script augments.
        pieces: pieces of other digits in each image; the benchmark's number unless training begins with fewer.
    """
    rng = np.random.default_rng([REVISION, seed])
    pool, pool_labels = digit_pool or digits.pool(train)
    size = pool.shape[-1]

    canvas = np.zeros((count, CANVAS, CANVAS), np.uint8)
    for _ in range(pieces):
        whole = pool[rng.integers(len(pool), size=count)]
        piece = _windows(whole, rng.integers(size - PIECE + 1, size=(2, count)), PIECE)
        _paste(canvas, piece, rng.integers(CANVAS - PIECE + 1, size=(2, count)))
    chosen = rng.integers(len(pool), size=count)
    corner = rng.integers(CANVAS - size + 1, size=(2, count))
    _erase(canvas, corner, size)
    _paste(canvas, pool[chosen], corner)
    noise = rng.integers(NOISE, size=canvas.shape, dtype=np.uint16)
    return Clutter(np.minimum(canvas + noise, 255).astype(np.uint8), pool_labels[chosen], corner)


def _spots(corner: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Index arrays of one ``size`` x ``size`` window per image."""
    steps = np.arange(size)
    image = np.arange(corner.shape[1])[:, None, None]
    return image, corner[0][:, None, None] + steps[:, None], corner[1][:, None, None] + steps


def _windows(images: np.ndarray, corner: np.ndarray, size: int) -> np.ndarray:
    return images[_spots(corner, size)]


def _paste(canvas: np.ndarray, patch: np.ndarray, corner: np.ndarray) -> None:
    spots = _spots(corner, patch.shape[-1])
    canvas[spots] = np.maximum(canvas[spots], patch)


def _erase(canvas: np.ndarray, corner: np.ndarray, size: int) -> None:
    """Clear the ground of the whole digit: a piece may touch it, not cross it."""
    canvas[_spots(corner, size)] = 0
