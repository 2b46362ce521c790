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

VOCABULARY = (*"0123456789", "<pad>", "<bos>", "<eos>", "<image>", "top", "middle", "bottom", "left", "centre", "right", "?")
PAD, BOS, EOS, IMAGE, ROW, COLUMN, ASK = (
    VOCABULARY.index(token) for token in ("<pad>", "<bos>", "<eos>", "<image>", "top", "left", "?")
)  # a digit is its own id; the rows and the columns are three consecutive ids each


def generate(
    count: int, seed: int, train: bool = False, digit_pool=None
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
    rng = np.random.default_rng([REVISION, seed])
    images, cells = _grids(count, rng, train, digit_pool)
    asked = rng.integers(GRID * GRID, size=count)
    return images, prompts(asked), cells[np.arange(count), asked]


def generate_dialogues(
    count: int, seed: int, train: bool = False, digit_pool=None
) -> tuple[np.ndarray, np.ndarray]:
    """Make images with a question about every cell, in random order, each followed by its answer: for training.

    Returns:
        uint8 images ``[count, 36, 36]`` and int64 tokens ``[count, 118]``. An answer follows every ``ASK``.
    """
    rng = np.random.default_rng([REVISION, seed])
    images, cells = _grids(count, rng, train, digit_pool)
    order = rng.permuted(np.tile(np.arange(GRID * GRID), (count, 1)), axis=1)
    answers = np.take_along_axis(cells, order, axis=1)
    turns = np.concatenate([_questions(order), answers[..., None]], axis=-1)
    return images, np.concatenate([_image_part(count), turns.reshape(count, -1)], axis=1)


def prompts(asked: np.ndarray) -> np.ndarray:
    """Token ids ``[count, 85]`` that ask for the cells ``[count]``, numbered row by row: bos, image, row, column, ?."""
    return np.concatenate([_image_part(len(asked)), _questions(asked)], axis=1)


def _grids(count: int, rng: np.random.Generator, train: bool, digit_pool) -> tuple[np.ndarray, np.ndarray]:
    """Noisy images ``[count, 36, 36]`` and the digits of their cells ``[count, 9]``, row by row."""
    if digit_pool is None:
        images, labels = digits.split(train)
        digit_pool = digits.enlarge(images), labels
    pool, pool_labels = digit_pool
    chosen = rng.integers(len(pool), size=(count, GRID, GRID))
    canvas = pool[chosen].transpose(0, 1, 3, 2, 4).reshape(count, CANVAS, CANVAS)
    noise = rng.integers(NOISE, size=canvas.shape, dtype=np.uint16)
    return np.minimum(canvas + noise, 255).astype(np.uint8), pool_labels[chosen].reshape(count, -1)


def _image_part(count: int) -> np.ndarray:
    return np.tile([BOS] + [IMAGE] * IMAGE_TOKENS, (count, 1))


def _questions(asked: np.ndarray) -> np.ndarray:
    """Cells ``[...]`` to token ids ``[..., 3]``."""
    return np.stack([ROW + asked // GRID, COLUMN + asked % GRID, np.full_like(asked, ASK)], axis=-1)
