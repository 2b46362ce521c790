"""Keeping the tokens of a prompt that its reader would least expect, segment by segment."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass
class IterativeKeeping:
    """What LLMLingua's iterative compression keeps of a prompt.

    Attributes:
        kept: positions kept, in order ``[kept]``.
        scores: the loss by which each position was judged, in its segment; infinite where it has none ``[tokens]``.
        thresholds: of each judged part: how many losses were known, the share to keep, the threshold.
    """

    kept: Tensor
    scores: Tensor
    thresholds: list[tuple[int, float, float]] = field(default_factory=list)


def loss_threshold(losses: Tensor, share: float) -> float:
    """The loss that a token must exceed to be among the ``share`` most surprising ones of all known ``[losses]``."""
    if share >= 1:
        return float("-inf")
    place = min(max(int(len(losses) * share) - 1, 0), len(losses) - 1)
    return float(losses.sort(descending=True).values[place])


def above_threshold(losses: Tensor, share: float, begin: int, end: int) -> tuple[Tensor, float]:
    """Which positions stay when those from ``begin`` to ``end`` are judged, and the threshold.

    A position is judged by the loss of its successor, as in the official code; the last one has none and stays.

    Args:
        losses: ``[tokens - 1]``, of every token but the first.
        share: of the tokens to keep.

    Returns:
        Boolean ``[tokens]``.
    """
    threshold = loss_threshold(losses, share)
    stays = torch.ones(len(losses) + 1, dtype=torch.bool, device=losses.device)
    stays[begin:end] = torch.cat([losses > threshold, stays[:1]])[begin:end]
    return stays, threshold


def keep_iteratively(
    lengths: Sequence[int], shares: Sequence[float], segment: int, losses: Callable[[Tensor, int], Tensor]
) -> IterativeKeeping:
    """Judge a prompt segment by segment, each one behind what is left of those before it.

    Jiang et al., LLMLingua, EMNLP 2023 (arXiv 2310.05736), section 3.2 and algorithm 2. As in the official code the
    first segment is one token shorter, a segment is judged in parts where contexts meet, and a last segment that is not
    full stays as it is.

    Args:
        lengths: tokens of each context.
        shares: of the tokens to keep in each context, 0 to 1.
        segment: tokens judged at a time.
        losses: given the positions left ``[left]`` and a place among them, the loss of each token behind that place,
            given all before it ``[left - 1 - place]``.
    """
    count = sum(lengths)
    left = torch.arange(count)
    known = losses(left, 0)
    made = IterativeKeeping(left, torch.full((count,), float("inf")))
    before, begin = 0, 0  # where the segment before this one, and this one, begin in what is left
    for parts in _segments(lengths, shares, segment):
        if made.thresholds:
            fresh = losses(left[: begin + segment], before)
            known = torch.cat([known[:before], fresh, known[begin + segment - 1 :]])
        before = begin
        for size, share in parts:
            made.scores[left[begin : begin + size]] = known[begin : begin + size]
            stays, threshold = above_threshold(known, share, begin, begin + size)
            made.thresholds.append((len(known), share, threshold))
            begin += int(stays[begin : begin + size].sum())
            left, known = left[stays], known[stays[:-1]]
    made.scores[left[begin:-1]] = known[begin:]
    made.kept = left
    return made


def _segments(lengths: Sequence[int], shares: Sequence[float], segment: int) -> Iterator[list[tuple[int, float]]]:
    """The full segments, each cut where contexts meet: sizes and shares."""
    borders = torch.tensor(lengths).cumsum(0).tolist()
    begin, count = 0, sum(lengths)
    while count - begin >= segment:
        end = begin + segment - (begin == 0)
        parts, context = [], 0
        while begin < end:
            while borders[context] <= begin:
                context += 1
            stop = min(end, borders[context])
            parts.append((stop - begin, shares[context]))
            begin = stop
        yield parts
