"""Token maps: which tokens of an image are left, which were merged into one, and which are gone."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from prunarium.bench.workload import Workload
from prunarium.families import Handle, Report
from prunarium.ops import DROPPED

SHADE = 0.15  # brightness of dropped tokens
EDGE = np.array([255, 105, 30], np.uint8)
LEAST_PIXELS = 320
Maps = Mapping[int, np.ndarray]
"""For each shown block: where every patch of every sample is ``[samples, patches]``."""


def maps_of(handle: Handle, workload: Workload) -> Maps:
    """Where the patches are after some of the blocks of the last forward pass."""
    prefix = getattr(workload.model, "num_prefix_tokens", 0)
    return {block: handle.source(block)[:, prefix:].numpy() for block in blocks_to_show(handle.report())}


def draw_maps(figure: Any, workload: Workload, report: Report, maps: Maps) -> None:
    """One row for each sample: the input, then its tokens after each block of ``maps``."""
    samples = len(next(iter(maps.values())))
    grid = figure.subplots(samples, len(maps) + 1, squeeze=False)
    for row in range(samples):
        image = workload.data.images[row]
        _show(grid[row][0], image, workload.data.captions[row] if workload.data.captions else "input")
        for column, (block, homes) in enumerate(maps.items(), start=1):
            title = f"block {block}: {report.tokens_out[block]} of {report.tokens_in[0]}"
            _show(grid[row][column], token_map(image, homes[row], workload.patch), title if row == 0 else "")


def token_map(image: np.ndarray, home: np.ndarray, patch: int) -> np.ndarray:
    """Paint a token map over an image.

    Every group of merged tokens gets its mean colour, dropped tokens go dark, a line runs between groups.

    Args:
        image: uint8 ``[height, width]`` or ``[height, width, 3]``.
        home: for every patch, row by row, the token that holds it, or -1; what follows is not of this image, such as
            the tiles behind a thumbnail ``[patches or more]``.
        patch: pixels along a patch.

    Returns:
        uint8 ``[height, width, 3]``, enlarged where the image is small.
    """
    rows, columns = image.shape[0] // patch, image.shape[1] // patch
    image = image[: rows * patch, : columns * patch]
    image = np.repeat(image[..., None], 3, axis=-1) if image.ndim == 2 else image
    scale = -(-LEAST_PIXELS // image.shape[0])
    image, patch = image.repeat(scale, axis=0).repeat(scale, axis=1).astype(np.float64), patch * scale
    home = home[: rows * columns].reshape(rows, columns)
    pixels = home.repeat(patch, axis=0).repeat(patch, axis=1)
    painted = image * SHADE
    for token in np.unique(home[home != DROPPED]):
        inside = pixels == token
        alone = inside.sum() == patch * patch
        painted[inside] = image[inside] if alone else image[inside].mean(axis=0)
    width = max(1, scale // 4)
    for axis in (0, 1):
        changes = np.diff(pixels, axis=axis) != 0
        where = np.argwhere(changes)
        for offset in range(width):
            at = where.copy()
            at[:, axis] = np.minimum(at[:, axis] + 1 + offset, painted.shape[axis] - 1)
            painted[at[:, 0], at[:, 1]] = EDGE
    return painted.astype(np.uint8)


def blocks_to_show(report: Report) -> list[int]:
    """The first block that moves tokens, one half-way and the last; the last of all where none does."""
    reducing = [record.block for record in report.blocks if record.moves] or [len(report.blocks) - 1]
    return sorted({reducing[0], reducing[len(reducing) // 2], reducing[-1]})


def _show(axes: Any, image: np.ndarray, title: str) -> None:
    axes.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axes.set_title(title, fontsize=8, parse_math=False)
    axes.set_axis_off()
