"""Tokens leaving each block as bars, before those of the untouched model."""

from collections.abc import Sequence
from typing import Any

from prunarium.bench.pictures.series_styles import COLOURS, FAINT, INK, SMALL, TEXT

MOST_NUMBERS = 24


def draw_bars(
    axes: Any, tokens: Sequence[float], untouched: Sequence[float], what: str = "tokens leaving each block"
) -> None:
    """Draw the bars, with their numbers where there is room. ``what`` is counted."""
    blocks = range(len(tokens))
    axes.bar(blocks, untouched, color=FAINT, alpha=0.2, width=0.8, gid="untouched")
    bars = axes.bar(blocks, tokens, color=COLOURS[0], width=0.8, gid="tokens")
    if len(tokens) <= MOST_NUMBERS:
        axes.bar_label(bars, [f"{count:.4g}" for count in tokens], fontsize=SMALL, color=INK, padding=1.5)
    axes.set_xticks(blocks if len(tokens) <= MOST_NUMBERS else range(0, len(tokens), 4))
    axes.set_yticks([])
    axes.set_xlim(-0.6, len(tokens) - 0.4)
    axes.set_ylim(0, 1.12 * max(*untouched, *tokens))
    share = sum(tokens) / sum(untouched)
    axes.set_title(
        f"{what}; grey: untouched model, {untouched[0]:.4g}; budget {share:.3f}",
        fontsize=TEXT,
        color=INK,
        loc="left",
    )
    axes.set_xlabel("block", fontsize=SMALL, color=FAINT, labelpad=1)
    axes.tick_params(length=0, labelsize=SMALL, labelcolor=FAINT, pad=1)
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(False)
