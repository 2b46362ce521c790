"""Images on their way into the language model, reduced before they get there."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from prunarium.families.vlm.tower import Layout
from prunarium.ops import DROPPED, Tokens, groups


@dataclass(frozen=True)
class Picture:
    """One image as it enters the language model.

    Attributes:
        features: ``[tokens, dim]``.
        slots: which of the image's placeholders each token takes, ``DROPPED`` for none ``[tokens]``.
        placeholders: how many the prompt has for it; also its length, as transformers counts what stands for an image.
        projected: tokens of it that went through the projector; ``None`` where the method had no hand in it.
        cells: row and column of each placeholder among the patches of the image, -1 for a newline
            ``[placeholders, 2]``.
        marked: which placeholders are of patches that the method marked; ``None`` where it marked none
            ``[placeholders]``.
        home: works out which token each placeholder went into, ``DROPPED`` for none ``[placeholders]``.
    """

    features: Tensor
    slots: Tensor
    placeholders: int
    home: Callable[[], Tensor]
    projected: int | None = None
    cells: Tensor | None = None
    marked: Tensor | None = None

    def __len__(self) -> int:
        return self.placeholders

    def cells_left(self) -> Tensor:
        """Row and column of each token among the patches of the image, -1 where it takes no patch's place
        ``[tokens, 2]``."""
        assert self.cells is not None
        cells = self.cells.to(self.slots.device)[self.slots.clamp(min=0)]
        return cells.where((self.slots != DROPPED).unsqueeze(1), DROPPED)

    def marked_left(self) -> Tensor:
        """Which tokens take the place of a marked patch ``[tokens]``."""
        there = self.slots != DROPPED
        return there & self.marked[self.slots.clamp(min=0)] if self.marked is not None else there & False


def as_pictures(tokens: Tokens, projected: int | None = None, grid: tuple[int, int] | None = None) -> list[Picture]:
    """Each sample of the tokens as an image of its own.

    Args:
        tokens: ``[images, tokens, dim]``.
        projected: tokens of each that went through the projector.
        grid: rows and columns of the patches of each.
    """
    cells = None if grid is None else cells_of(grid)
    slots = tokens.positions()
    pictures = [_one(tokens, slots[number], number) for number in range(len(tokens.x))]
    marked = tokens.memory.get("marked", [None] * len(pictures))
    return [
        replace(picture, projected=projected, cells=cells, marked=marks)
        for picture, marks in zip(pictures, marked, strict=True)
    ]


def _one(tokens: Tokens, slots: Tensor, number: int) -> Picture:
    def home() -> Tensor:
        return groups(tokens.moves, len(tokens.x), tokens.original)[number]

    if tokens.there is None:
        return Picture(tokens.x[number], slots, tokens.original, home)
    there = tokens.there[number]

    def home_without_padding() -> Tensor:
        renumbered, old = (there.cumsum(0) - 1).cpu(), home()
        return renumbered[old.clamp(min=0)].where(old != DROPPED, DROPPED)

    return Picture(tokens.x[number][there], slots[there], tokens.original, home_without_padding)


def reduced(picture: Picture, by: Callable[[Tokens], Tokens]) -> Picture:
    """A picture, reduced once more."""
    [second] = as_pictures(by(Tokens(picture.features[None], original=len(picture.features))))

    def home() -> Tensor:
        first, later = picture.home(), second.home()
        return later[first.clamp(min=0)].where(first != DROPPED, DROPPED)

    slots = picture.slots[second.slots.clamp(min=0)].where(second.slots != DROPPED, DROPPED)
    return replace(picture, features=second.features, slots=slots, home=home)


def cells_of(grid: tuple[int, int]) -> Tensor:
    """Row and column of each patch ``[patches, 2]``."""
    return torch.cartesian_prod(*map(torch.arange, grid))


def cells_of_places(places: Tensor, grid: tuple[int, int]) -> Tensor:
    """Row and column of what stands at each place of a packed image: of the thumbnail in its own grid, of the tiles in
    the image put together, -1 of newlines ``[places, 2]``.

    Args:
        places: as of ``packed``; behind the thumbnail, every row ends with a newline.
        grid: rows and columns of the patches of the thumbnail.
    """
    thumbnail = cells_of(grid)
    is_newline = places[len(thumbnail) :].cpu() == DROPPED
    if not len(is_newline):  # a very long image, all of whose tiles is padding
        return thumbnail
    width = int(is_newline.int().argmax()) + 1  # newline included
    number = torch.arange(len(is_newline))
    cells = torch.stack([number // width, number % width], dim=1)
    return torch.cat([thumbnail, cells.where(~is_newline.unsqueeze(1), DROPPED)])


def packed(
    tokens: Tokens, places: Tensor, newline: Tensor | None, grid: tuple[int, int] = (0, 0)
) -> tuple[Picture, Layout]:
    """The tiles of one image as one picture.

    The thumbnail's tokens come first, in the method's order. Those of the tiles follow in the order of the places that
    they take in the image put together, newlines among them; at the end come tokens that take nobody's place: those
    that lead their tile (a cls token), tile by tile, then the others.

    Args:
        tokens: of all tiles, the thumbnail first ``[tiles, tokens, dim]``.
        places: which token (counted over all tiles) stands at each place of the image, ``DROPPED`` for a newline
            ``[places]``; tokens of padding have no place.
        newline: the newline token ``[dim]``; ``None`` to leave newlines out.
        grid: rows and columns of the patches of one tile, for the layout.
    """
    tiles, each, _ = tokens.x.shape
    original, device = tokens.original, tokens.x.device
    positions = tokens.positions()
    place_of = torch.full((tiles * original,), DROPPED, device=device)
    is_newline = places == DROPPED
    place_of[places[~is_newline]] = (~is_newline).nonzero()[:, 0]
    start = torch.arange(tiles, device=device).unsqueeze(1) * original
    slots = place_of[(positions.clamp(min=0) + start).flatten()].view(tiles, each)
    extra = positions == DROPPED
    leads = extra & (extra.cumprod(1) == 1)
    there = extra | (slots != DROPPED)
    if tokens.there is not None:
        there = there & tokens.there
    number = torch.arange(tiles * each, device=device).view(tiles, each)
    phase = torch.where(extra, torch.where(leads, 2, 3), 1)
    rank = torch.where(extra, number, slots)
    phase[0], rank[0] = 0, number[0]  # the thumbnail keeps the method's order
    slots = slots.where(~extra, DROPPED)
    lines = is_newline.nonzero()[:, 0] if newline is not None else places[:0]
    keys = torch.cat(
        [(phase * (places.numel() + number.numel()) + rank)[there], places.numel() + number.numel() + lines]
    )
    order = keys.argsort(stable=True)
    features = tokens.x[there]
    if newline is not None:
        features = torch.cat([features, newline.to(features).expand(len(lines), -1)])
    all_slots = torch.cat([slots[there], lines])[order]

    def home() -> Tensor:
        went = groups(tokens.moves, tiles, original).to(device)
        of_token = torch.full((tiles * each + 1,), DROPPED, device=device)
        of_token[number[there]] = torch.arange(int(there.sum()), device=device)
        rank_of = torch.cat([order.argsort(), order.new_tensor([DROPPED])])  # of DROPPED, the last one, it is DROPPED
        token = torch.where(went == DROPPED, tiles * each, went + torch.arange(tiles, device=device)[:, None] * each)
        held = of_token[token.flatten()[places.clamp(min=0)]].where(~is_newline, DROPPED)
        if newline is not None:
            held[is_newline] = torch.arange(int(there.sum()), len(order), device=device)
        return rank_of[held].cpu()

    marked = tokens.memory.get("marked")
    marks = None if marked is None else marked.flatten()[places.clamp(min=0)] & ~is_newline
    picture = Picture(features[order], all_slots, places.numel(), home, tiles * each, marked=marks)
    line = torch.cat([torch.zeros(int(there.sum()), dtype=torch.bool), torch.ones(len(lines), dtype=torch.bool)])
    return picture, Layout(grid, int(there[0].sum()), line.to(device)[order])


def numbered(tiles: int, patches: int, pack: Callable[[list[Tensor], Tensor], Any], device: torch.device) -> Tensor:
    """Which token of which tile stands at each place of a packed image, found by packing their numbers.

    Args:
        tiles: of the image.
        patches: of a tile.
        pack: packs the features of one image, with a newline token.
    """
    numbers = torch.arange(tiles * patches, dtype=torch.float64, device=device).view(tiles, patches, 1)
    return pack([numbers], numbers.new_tensor([DROPPED]))[0][0].flatten().long()
