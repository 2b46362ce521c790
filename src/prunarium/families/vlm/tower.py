"""What a vision tower has to offer to a method that reduces its output."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from prunarium.errors import PrunariumError

Side = Literal["q_proj", "k_proj"]


@dataclass(frozen=True)
class Layout:
    """What the tokens are that enter the language model for one image.

    Attributes:
        grid: rows and columns of the patches of one tile, (0, 0) where some of them were dropped or merged before.
        thumbnail: how many leading tokens are of the whole image, made small; all, where there are no tiles.
        newline: which tokens are newlines between rows of patches ``[tokens]``; ``None`` where there are none.
    """

    grid: tuple[int, int]
    thumbnail: int
    newline: Tensor | None = None


class Tower(ABC):
    """The vision tower that has just run. Everything is computed when asked for, and only then.

    A tile is what the tower sees at once: the image or, where the model cuts an image of any resolution into tiles,
    first the whole image made small (the thumbnail), then its tiles row by row.

    Attributes:
        layer: the layer whose output the features are, counted from 0.
        depth: how many layers there are.
        grid: rows and columns of the patches of one tile.
        tiles: rows and columns of the tiles behind the thumbnail; ``None`` where every image is one tile.
        image: number of the first image here among those that the model sees at once.
    """

    layer: int
    depth: int
    grid: tuple[int, int]
    tiles: tuple[int, int] | None
    image: int = 0

    @property
    @abstractmethod
    def cls(self) -> Tensor:
        """The cls token beside the features, at the same layer ``[tiles, 1, dim]``."""

    @abstractmethod
    def states(self, layer: int) -> Tensor:
        """What leaves a layer, patches only ``[tiles, patches, dim]``."""

    @abstractmethod
    def keys(self, layer: int | None = None) -> Tensor:
        """Keys of a layer (default: ``layer``), cls token first ``[tiles, heads, 1 + patches, head dim]``."""

    @abstractmethod
    def queries(self, layer: int | None = None) -> Tensor:
        """Queries of a layer, not scaled, cls token first ``[tiles, heads, 1 + patches, head dim]``."""

    def cls_attention(self, layer: int | None = None) -> Tensor:
        """Softmaxed attention of the cls token to the patches in a layer ``[tiles, heads, patches]``.

        A row sums to less than 1: the rest is the attention to the cls token itself.
        """
        keys, query = self.keys(layer), self.queries(layer)[:, :, :1]
        logits = query @ keys.transpose(-2, -1) * keys.shape[-1] ** -0.5
        return logits.softmax(dim=-1)[:, :, 0, 1:]


class HuggingFaceTower(Tower):
    """A tower of transformers' CLIP or SigLIP kind. Its attention is worked out again from the recorded states."""

    def __init__(
        self, model: Any, states: tuple[Tensor, ...], feature: int, prefix: int, tiles: tuple[int, int] | None = None
    ) -> None:
        self._layers, self._states, self._prefix = layers_of(model), states, prefix
        self.depth, self.tiles = len(self._layers), tiles
        self.layer = (feature if feature >= 0 else len(states) + feature) - 1
        side = model.config.image_size // model.config.patch_size
        self.grid = (side, side)

    def of(self, image: int, tiles: slice, arranged: tuple[int, int] | None) -> "HuggingFaceTower":
        """The same tower, for the tiles of one image."""
        part = object.__new__(type(self))
        part.__dict__ |= self.__dict__
        part._states, part.tiles, part.image = tuple(state[tiles] for state in self._states), arranged, image
        return part

    @property
    def cls(self) -> Tensor:
        self._check_cls()
        return self._states[self.layer + 1][:, :1]

    def states(self, layer: int) -> Tensor:
        return self._states[layer + 1][:, self._prefix :]

    def keys(self, layer: int | None = None) -> Tensor:
        return self._projected("k_proj", layer)

    def queries(self, layer: int | None = None) -> Tensor:
        return self._projected("q_proj", layer)

    def cls_attention(self, layer: int | None = None) -> Tensor:
        self._check_cls()
        return super().cls_attention(layer)

    def _check_cls(self) -> None:
        if not self._prefix:
            raise PrunariumError("this vision tower has no cls token")

    def _projected(self, side: Side, layer: int | None) -> Tensor:
        number = self.layer if layer is None else layer
        block = self._layers[number]
        attn = block.self_attn
        projected = getattr(attn, side)(block.layer_norm1(self._states[number]))
        return projected.view(*projected.shape[:2], -1, attn.head_dim).transpose(1, 2)


def layers_of(model: Any) -> Any:
    """The layers of a CLIP or SigLIP tower of transformers."""
    return getattr(model, "vision_model", model).encoder.layers


class RandomTower(Tower):
    """Random tensors of the right shapes, for counting tokens without a model."""

    tiles = None

    def __init__(self, patches: int, dim: int, depth: int, draw: torch.Generator) -> None:
        self.depth, self.layer = depth, max(depth - 2, 0)
        side = int(patches**0.5)
        self.grid = (side, side) if side * side == patches else (1, patches)
        self._patches, self._dim, self._draw = patches, dim, draw

    @property
    def cls(self) -> Tensor:
        return torch.randn(1, 1, self._dim, generator=self._draw)

    def states(self, layer: int) -> Tensor:
        return torch.randn(1, self._patches, self._dim, generator=self._draw)

    def keys(self, layer: int | None = None) -> Tensor:
        return torch.randn(1, 2, 1 + self._patches, 4, generator=self._draw)

    def queries(self, layer: int | None = None) -> Tensor:
        return self.keys(layer)
