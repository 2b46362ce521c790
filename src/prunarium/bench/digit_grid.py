"""``digit-grid``: three kinds of questions about the coloured digits of a 3 x 3 grid. For vision-language models.

========  ===================  ==================================================  =========
kind      question             it asks                                             answer
========  ===================  ==================================================  =========
digit     ``digit top left``   what is in this cell?                               ``red 7``
count     ``count red top``    how many of this line's digits are red, of how many?  ``1 3``
largest   ``largest row top``  which is the largest digit of this line?            ``blue 9``
========  ===================  ==================================================  =========

The 48 x 48 canvas becomes 144 patch tokens of 4 x 4 pixels, 16 in a cell. A cell holds one digit of 12 x 12 pixels
somewhere inside it, or nothing; no digit is twice in an image. Which cells matter is known only once the question has
been read: one of nine, or the three of a row or a column. An answer has two words, which are generated, and both need
the image: the second is read from the cache.
"""

from typing import NamedTuple

import numpy as np

from prunarium.bench import digits

REVISION = 3
GRID = 3  # cells a side
CELL = 16  # pixels a side
CANVAS = GRID * CELL
PATCH = 4
IMAGE_TOKENS = (CANVAS // PATCH) ** 2
FEWEST = 4  # digits in an image; at most there is one in every cell
NOISE = 48  # background and foreground noise, of 255

KINDS = ("digit", "count", "largest")
COLOURS = ("red", "green", "blue")
PLACES = ("top", "middle", "bottom", "left", "centre", "right")
WORDS = ("<pad>", "<bos>", "<eos>", "<image>", *KINDS, *COLOURS, *PLACES, "row", "column")
VOCABULARY = (*"0123456789", *WORDS)  # a token's id is its place: a digit is its own id
PAD, BOS, EOS, IMAGE = (VOCABULARY.index(token) for token in WORDS[:4])
KIND, COLOUR, PLACE, ROW = (VOCABULARY.index(token) for token in (KINDS[0], COLOURS[0], PLACES[0], "row"))
ANSWER_WORDS = 3  # two and the end

CELLS = GRID * GRID
LINES = np.array([*np.arange(CELLS).reshape(GRID, GRID), *np.arange(CELLS).reshape(GRID, GRID).T])
"""The cells of each row and then of each column, row by row ``[6, 3]``."""
IN_CELL, IN_LINE = np.eye(CELLS, dtype=bool), np.eye(CELLS, dtype=bool)[LINES].any(axis=1)
NOTHING = -1


class Grids(NamedTuple):
    """Images with what their cells hold, row by row.

    Attributes:
        images: uint8 ``[count, 48, 48, 3]``.
        digits: or ``NOTHING`` ``[count, 9]``.
        colours: by their places in ``COLOURS``; without meaning where no digit is ``[count, 9]``.
        middles: the patch in which the middle of the digit lies, row by row; without meaning likewise ``[count, 9]``.
    """

    images: np.ndarray
    digits: np.ndarray
    colours: np.ndarray
    middles: np.ndarray


class Questions(NamedTuple):
    """One question about each image.

    Attributes:
        kind: of the question, by its place in ``KINDS`` ``[count]``.
        place: the cell for ``digit``; the line for the other kinds, rows first ``[count]``.
        colour: that ``count`` asks for; without meaning for the others ``[count]``.
    """

    kind: np.ndarray
    place: np.ndarray
    colour: np.ndarray

    def prompts(self) -> np.ndarray:
        """Token ids: bos, 144 times image, three words ``[count, 148]``."""
        row, column = np.divmod(self.place, GRID)
        words = np.select(
            [self.kind[:, None] == 0, self.kind[:, None] == 1],
            [
                np.stack([PLACE + row, PLACE + GRID + column], axis=1),
                np.stack([COLOUR + self.colour, PLACE + self.place], axis=1),
            ],
            np.stack([ROW + row, PLACE + self.place], axis=1),
        )
        image = np.tile([BOS] + [IMAGE] * IMAGE_TOKENS, (len(words), 1))
        return np.concatenate([image, KIND + self.kind[:, None], words], axis=1)

    def cells(self) -> np.ndarray:
        """Which cells matter ``[count, 9]``."""
        return np.where(self.kind[:, None] == 0, IN_CELL[self.place], IN_LINE[self.place % len(LINES)])

    def answers(self, shown: np.ndarray, colours: np.ndarray) -> np.ndarray:
        """Token ids of the right answers, eos at their end ``[count, 3]``, from the digits and colours of ``Grids``."""
        held = np.where(self.cells(), shown, NOTHING)
        largest = held.argmax(axis=1)[:, None]  # of one cell, the digit in it
        named = [COLOUR + np.take_along_axis(colours, largest, 1), np.take_along_axis(held, largest, 1)]
        there = held != NOTHING
        counted = [(there & (colours == self.colour[:, None])).sum(axis=1), there.sum(axis=1)]
        words = np.where(self.kind[:, None] == 1, np.stack(counted, axis=1), np.concatenate(named, axis=1))
        return np.concatenate([words, np.full((len(words), 1), EOS)], axis=1)


class Asked(NamedTuple):
    """Images with one question each.

    Attributes:
        images: uint8 ``[count, 48, 48, 3]``.
        prompts: int64 token ids ``[count, 148]``.
        answers: int64 token ids ``[count, 3]``.
        kinds: of the questions, ``KINDS`` by turns ``[count]``.
        cells: which cells matter, row by row ``[count, 9]``.
    """

    images: np.ndarray
    prompts: np.ndarray
    answers: np.ndarray
    kinds: tuple[str, ...]
    cells: np.ndarray


def generate(count: int, seed: int, train: bool = False, digit_pool: digits.Pool | None = None) -> Asked:
    """Make images with one question each. Cells and lines that are asked for hold at least one digit.

    Args:
        count: number of images.
        seed: the same seed gives the same bytes.
        train: draw from the training digits instead of the test digits.
        digit_pool: other digits to draw from, ``([n, 12, 12] uint8, [n] labels)``; the training script augments.
    """
    grids, rng = _grids(count, seed, train, digit_pool)
    full = grids.digits != NOTHING
    cell = (rng.random((count, CELLS)) * full).argmax(axis=1)
    line = (rng.random((count, len(LINES))) * full[:, LINES].any(axis=2)).argmax(axis=1)
    kind = np.arange(count) % len(KINDS)
    questions = Questions(kind, np.where(kind == 0, cell, line), rng.integers(len(COLOURS), size=count))
    return Asked(
        grids.images,
        questions.prompts(),
        questions.answers(grids.digits, grids.colours),
        tuple(KINDS[one] for one in kind),
        questions.cells(),
    )


def generate_grids(count: int, seed: int, train: bool = False, digit_pool: digits.Pool | None = None) -> Grids:
    """Make the same images as ``generate``, with what all their cells hold: for training."""
    return _grids(count, seed, train, digit_pool)[0]


def in_words(tokens: np.ndarray) -> str:
    """Token ids as a person reads them, without image and end."""
    return " ".join(VOCABULARY[token] for token in tokens if not VOCABULARY[token].startswith("<"))


def _grids(count: int, seed: int, train: bool, digit_pool: digits.Pool | None) -> tuple[Grids, np.random.Generator]:
    """Noisy images with what their cells hold, and the generator that made them."""
    rng = np.random.default_rng([REVISION, seed])
    pool, labels = digit_pool or digits.pool(train)
    full = rng.random((count, CELLS)).argsort(axis=1) < rng.integers(FEWEST, CELLS + 1, size=(count, 1))
    shown = rng.random((count, 10)).argsort(axis=1)[:, :CELLS]
    colours = rng.integers(len(COLOURS), size=(count, CELLS))

    by_label, each = labels.argsort(kind="stable"), np.bincount(labels, minlength=10)
    chosen = by_label[(each.cumsum() - each)[shown] + rng.integers(each[shown])]
    size = pool.shape[-1]
    corner = rng.integers(CELL - size + 1, size=(2, count, CELLS))
    corner += CELL * np.stack(np.divmod(np.arange(CELLS), GRID))[:, None]

    canvas = rng.integers(NOISE, size=(count, CANVAS, CANVAS, len(COLOURS)), dtype=np.uint16)
    image, cell = full.nonzero()
    rows, columns = (start[image, cell, None] + np.arange(size) for start in corner)
    spots = image[:, None, None], rows[:, :, None], columns[:, None, :], colours[image, cell, None, None]
    canvas[spots] += pool[chosen[image, cell]]
    images = np.minimum(canvas, 255).astype(np.uint8)
    middle_row, middle_column = (corner + size // 2) // PATCH
    middles = middle_row * (CANVAS // PATCH) + middle_column
    return Grids(images, np.where(full, shown, NOTHING), colours, middles), rng
