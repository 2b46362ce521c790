"""Word maps: which words of a text are left, after some of the blocks or in the caches of some layers."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from prunarium.bench.kv_cache import CACHING, read_prompt
from prunarium.bench.pictures.series_styles import INK, SMALL
from prunarium.bench.pictures.token_maps import blocks_to_show
from prunarium.bench.samples import Inputs
from prunarium.bench.workload import Workload
from prunarium.families import Handle, TokenMethod, shape_of
from prunarium.ops import DROPPED

COLUMNS = 46  # letters in a line
LETTER, LINE = 0.055, 0.115  # inches: width of a letter, height of a line
FAINTEST = 0.16  # how visible a dropped word is
Shares = Mapping[int, np.ndarray]
"""For each shown block: how much of each token is left, 0 to 1, of a cache by its heads ``[samples, tokens]``."""


def shares_left(handle: Handle, method: TokenMethod, workload: Workload, inputs: Inputs) -> Shares:
    """How much of each token is left after some blocks of a pass that has just run, or in the caches of some layers."""
    report, model = handle.report(), workload.model
    if shape_of(method, model).family not in CACHING:
        blocks = blocks_to_show(report)
        return {block: (handle.source(block) != DROPPED).numpy().astype(float) for block in blocks}
    layers = read_prompt(model, inputs).layers
    last = len(layers) - 1
    return {block: _cached(layers[block], inputs["input_ids"].shape[1]) for block in sorted({0, last // 2, last})}


def _cached(layer: Any, tokens: int) -> np.ndarray:
    """The share of key heads that hold each token ``[samples, tokens]``."""
    batch, heads, length = layer.keys.shape[:3]
    if not hasattr(layer, "entries"):  # as transformers has filled it: with all that the model read
        return np.pad(np.ones((batch, length)), ((0, 0), (0, tokens - length)))
    entries = layer.entries
    there = torch.ones(batch, heads, length) if entries.there is None else entries.there.double()
    held = torch.zeros(batch, heads, tokens + 1)  # the last for what is no entry
    place = entries.place.where(there.bool(), tokens)
    return held.scatter(2, place, 1.0)[..., :tokens].mean(dim=1).numpy()


def height(words: Sequence[Sequence[str]]) -> float:
    """Inches that the longest of some texts takes."""
    return LINE * (max(_places(text)[-1][1] for text in words) + 3)


def draw_words(
    figure: Any, texts: Sequence[Sequence[str]], captions: Sequence[str], shares: Shares, where: str
) -> None:
    """One row for each text, one column for each block; ``where`` is what a block is called."""
    grid = figure.subplots(len(texts), len(shares), squeeze=False)
    for row, text in enumerate(texts):
        for axes, (block, left) in zip(grid[row], shares.items(), strict=True):
            axes.set_axis_off()
            places = _places(text)
            axes.set_xlim(0, COLUMNS)
            axes.set_ylim(places[-1][1] + 1, 0)
            for word, (column, line), share in zip(text, places, left[row], strict=True):
                shade = FAINTEST + (1 - FAINTEST) * float(share)
                axes.text(
                    column,
                    line,
                    word,
                    alpha=shade,
                    color=INK,
                    family="monospace",
                    fontsize=6,
                    va="top",
                    parse_math=False,
                )
            title = f"{where} {block}: {left[row].sum():.4g} of {len(text)}"
            axes.set_title(title, fontsize=SMALL, color=INK, loc="left", pad=3)
        if captions:
            grid[row][0].text(0, -1.8, captions[row], fontsize=SMALL, color=INK, va="bottom", parse_math=False)


def _places(text: Sequence[str]) -> list[tuple[int, int]]:
    """Column and line of each word, filled line by line."""
    found, column, line = [], 0, 0
    for word in text:
        if column and column + len(word) > COLUMNS:
            column, line = 0, line + 1
        found.append((column, line))
        column += len(word) + 1
    return found
