"""Token maps: which tokens of an image are left, which were merged into one, and which are gone."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from prunarium.bench.workload import Workload
from prunarium.errors import PrunariumError
from prunarium.families import Handle, Report, TokenMethod
from prunarium.ops import DROPPED

SHADE = 0.15  # brightness of dropped tokens
EDGE = np.array([255, 105, 30], np.uint8)
LEAST_PIXELS = 320


def token_map(image: np.ndarray, home: np.ndarray, patch: int) -> np.ndarray:
    """Paint a token map over an image.

    Every group of merged tokens gets its mean colour, dropped tokens go dark, a line runs between groups.

    Args:
        image: uint8 ``[height, width]`` or ``[height, width, 3]``.
        home: for every patch, row by row, the token that holds it, or -1 ``[patches]``.
        patch: pixels along a patch.

    Returns:
        uint8 ``[height, width, 3]``, enlarged where the image is small.
    """
    rows, columns = image.shape[0] // patch, image.shape[1] // patch
    image = image[: rows * patch, : columns * patch]
    image = np.repeat(image[..., None], 3, axis=-1) if image.ndim == 2 else image
    scale = -(-LEAST_PIXELS // image.shape[0])
    image, patch = image.repeat(scale, axis=0).repeat(scale, axis=1).astype(np.float64), patch * scale
    home = home.reshape(rows, columns)
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


def check_path(path: Path) -> None:
    """Refuse a picture that could not be written, before any work is done.

    Raises:
        PrunariumError: the path is a folder, or does not end in .png.
    """
    if path.is_dir() or path.suffix.lower() != ".png":
        raise PrunariumError(f"--picture {path}: give the path of a .png file")


def draw(method: TokenMethod, workload: Workload, path: Path, samples: int = 3) -> Path:
    """Run a method on the first samples and write a picture: each input, then its tokens after some of the blocks.

    Raises:
        PrunariumError: the picture cannot be written.
    """
    from matplotlib.figure import Figure

    samples = min(samples, len(workload.data))
    with method.apply(workload.model) as handle, torch.inference_mode():
        workload.answer(workload.model, workload.data.batch(0, samples, workload.device))
        report = handle.report()
        shown = _blocks_to_show(report)
        maps = {block: _patch_homes(handle, block, workload.model) for block in shown}
    figure = Figure(figsize=(2.3 * (len(shown) + 1), 2.3 * samples + 0.9), layout="constrained")
    grid = figure.subplots(samples, len(shown) + 1, squeeze=False)
    for row in range(samples):
        image = workload.data.images[row]
        _show(grid[row][0], image, workload.data.captions[row] if workload.data.captions else "input")
        for column, block in enumerate(shown, start=1):
            painted = token_map(image, maps[block][row], workload.patch)
            title = f"block {block}: {report.tokens_out[block]} of {report.tokens_in[0]}"
            _show(grid[row][column], painted, title if row == 0 else "")
    figure.suptitle(f"{method!r} on {workload.model_name}\ndark: dropped; one colour inside a line: merged", fontsize=9)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=110)
    except (OSError, ValueError) as error:
        raise PrunariumError(f"{path}: the picture cannot be written ({error}); choose another --picture") from error
    return path


def _blocks_to_show(report: Report) -> list[int]:
    """The first block that reduces, one half-way and the last; the last block of all where none does."""
    reducing = [record.block for record in report.blocks if record.moves] or [len(report.blocks) - 1]
    return sorted({reducing[0], reducing[len(reducing) // 2], reducing[-1]})


def _patch_homes(handle: Handle, block: int, model: Any) -> np.ndarray:
    """``handle.source`` without the prefix tokens ``[batch, patches]``."""
    return handle.source(block)[:, getattr(model, "num_prefix_tokens", 0) :].numpy()


def _show(axes: Any, image: np.ndarray, title: str) -> None:
    axes.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axes.set_title(title, fontsize=8)
    axes.set_axis_off()
