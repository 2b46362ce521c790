"""What a method does to tokens, as a picture: how many leave each block, and which ones on a few inputs."""

import textwrap
from pathlib import Path
from typing import Any

import torch

from prunarium.bench.pictures.series_styles import INK
from prunarium.bench.pictures.token_bars import draw_bars
from prunarium.bench.pictures.token_maps import draw_maps, maps_of
from prunarium.bench.pictures.word_maps import COLUMNS, LETTER, draw_words, height, shares_left
from prunarium.bench.workload import Workload
from prunarium.catalog import picture_files
from prunarium.errors import PrunariumError
from prunarium.families import TokenMethod, shape_of
from prunarium.registry import load_token_method

_WIDTH, _ROW, _BARS = 2.3, 2.2, 1.8  # inches: of a column, of a row of maps, of the bars

_COUNTED = {
    "vit": "tokens leaving each block",
    "vlm": "image tokens leaving each block",
    "encoder": "tokens leaving each block",
    "decoder": "cached tokens of each layer",
}
_BLOCK = {"encoder": "block", "decoder": "cache of layer"}


def draw(method: TokenMethod, workload: Workload, path: Path, option: str, samples: int = 3) -> Path:
    """Run a method on the first samples and write a picture: bars over token maps. ``option`` is what errors name.

    Raises:
        PrunariumError: the method does not work on the model, nothing is computed on its device, or the picture cannot
            be written.
    """
    if workload.device.type == "meta":
        raise PrunariumError("--device meta counts on shapes alone: there is nothing to see; take another device")
    figure = _figure(method, workload, min(samples, len(workload.data), workload.batch))
    return picture_files.write(picture_files.rendered(figure, path.suffix.lower()), path, option)


def _figure(method: TokenMethod, workload: Workload, samples: int) -> Any:
    from matplotlib.figure import Figure

    inputs, data = workload.data.batch(0, samples, workload.device), workload.data
    with load_token_method("identity").apply(workload.model) as handle, torch.inference_mode():
        workload.answer(workload.model, inputs)
        untouched = handle.report().tokens_out
    with method.apply(workload.model) as handle, torch.inference_mode():
        workload.answer(workload.model, inputs)
        report = handle.report()
        words = shares_left(handle, method, workload, inputs) if data.words else {}
        maps = {} if data.words else maps_of(handle, workload)
    column, row = (COLUMNS * LETTER, height(data.words[:samples])) if data.words else (_WIDTH, _ROW)
    size = (max(column * (len(words) or len(maps) + 1), 6), _BARS + row * samples + 0.7)
    figure: Any = Figure(figsize=size, layout="constrained")
    bars, inputs_below = figure.subfigures(2, 1, height_ratios=(_BARS, row * samples), hspace=0.03)
    family = shape_of(method, workload.model).family
    left = [record.tokens_out if record.cached is None else record.cached for record in report.blocks]
    draw_bars(bars.subplots(), left if family == "decoder" else report.tokens_out, untouched, _COUNTED[family])
    if data.words:
        draw_words(inputs_below, data.words[:samples], data.captions[:samples], words, _BLOCK[family])
    else:
        draw_maps(inputs_below, workload, report, maps)
    legend = "faint: dropped, or held by few heads" if data.words else "dark: dropped; one colour inside a line: merged"
    inputs_below.suptitle(legend, fontsize=8, color=INK)
    title = textwrap.shorten(f"{method!r} on {workload.model_name}", int(size[0] * 16), placeholder=" ...")
    figure.suptitle(title, fontsize=9.5, color=INK, parse_math=False)
    return figure
