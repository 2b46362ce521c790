"""``digit-grid``: which digit is in the asked cell of a 3 x 3 grid? For vision-language models.

The 36 x 36 canvas becomes 81 patch tokens of 4 x 4 pixels, of which 9 carry the answer; which 9 they are is known only
once the question has been read. Dropping visual tokens at random must hurt, dropping those of the other cells must not.
"""

import numpy as np

from prunarium.bench import digits

REVISION = 1
GRID = 3  # cells a side
CELL = 12  # pixels a side
CANVAS = GRID * CELL
PATCH = 4
IMAGE_TOKENS = (CANVAS // PATCH) ** 2
NOISE = 48  # background and foreground noise, of 255

WORDS = ("<pad>", "<bos>", "<eos>", "<image>", "?", "top", "middle", "bottom", "left", "centre", "right")
VOCABULARY = (*"0123456789", *WORDS)  # a token's id is its place: a digit is its own id
PAD, BOS, EOS, IMAGE, ASK = (VOCABULARY.index(token) for token in WORDS[:5])
ROW, COLUMN = VOCABULARY.index("top"), VOCABULARY.index("left")  # the first of three ids each


def generate(
    count: int, seed: int, train: bool = False, digit_pool: digits.Pool | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Make images with one question each.

    Args:
        count: number of images.
        seed: the same seed gives the same bytes.
        train: draw from the training digits instead of the test digits.
        digit_pool: other digits to draw from, ``([n, 12, 12] uint8, [n] labels)``; the training script augments.

    Returns:
        uint8 images ``[count, 36, 36]``, int64 prompts ``[count, 85]`` and int64 answers ``[count]``, which are both
        digits and token ids.
    """
    images, cells, rng = _grids(count, seed, train, digit_pool)
    asked = rng.integers(GRID * GRID, size=count)
    return images, prompts(asked), cells[np.arange(count), asked]


def generate_grids(
    count: int, seed: int, train: bool = False, digit_pool: digits.Pool | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Make the same images as ``generate``, with the digits of all their cells: for training.

    Returns:
        uint8 images ``[count, 36, 36]`` and int64 digits ``[count, 9]``, row by row.
    """
    return _grids(count, seed, train, digit_pool)[:2]


def prompts(asked: np.ndarray) -> np.ndarray:
    """Ask for the cells ``[count]``, numbered row by row: bos, 81 times image, ?, row, column, ``[count, 85]``."""
    image = np.tile([BOS] + [IMAGE] * IMAGE_TOKENS, (len(asked), 1))
    question = np.stack([np.full_like(asked, ASK), ROW + asked // GRID, COLUMN + asked % GRID], axis=1)
    return np.concatenate([image, question], axis=1)


def _grids(
    count: int, seed: int, train: bool, digit_pool: digits.Pool | None
) -> tuple[np.ndarray, np.ndarray, np.random.Generator]:
    """Noisy images ``[count, 36, 36]``, the digits of their cells ``[count, 9]``, and the generator that made them."""
    rng = np.random.default_rng([REVISION, seed])
    pool, pool_labels = digit_pool or digits.pool(train)
    chosen = rng.integers(len(pool), size=(count, GRID, GRID))
    canvas = pool[chosen].transpose(0, 1, 3, 2, 4).reshape(count, CANVAS, CANVAS)
    noise = rng.integers(NOISE, size=canvas.shape, dtype=np.uint16)
    return np.minimum(canvas + noise, 255).astype(np.uint8), pool_labels[chosen].reshape(count, -1), rng
