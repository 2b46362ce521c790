"""LLaVA-NeXT: an image of any resolution is a thumbnail and tiles, put together with newline tokens."""

from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from prunarium.families.vlm.llava import Llava
from prunarium.families.vlm.pictures import Picture, cells_of_places, numbered, packed, reduced


class LlavaNext(Llava):
    """transformers' ``LlavaNextForConditionalGeneration``."""

    supported = "transformers LlavaNextForConditionalGeneration"
    alike = False

    @staticmethod
    def fits(model: nn.Module) -> bool:
        return type(model).__name__ == "LlavaNextForConditionalGeneration"

    def placeholders(self, kwargs: dict[str, Any]) -> int:
        if kwargs.get("pixel_values") is None:
            return 0
        return sum(len(self._places(size)) for size in kwargs["image_sizes"])

    def pictures(self, kwargs: dict[str, Any]) -> list[Picture]:
        sizes = kwargs["image_sizes"]
        counts = [self._tiles(size) for size in sizes]
        pixels = kwargs["pixel_values"]
        if pixels.ndim == 5:
            pixels = torch.cat([image[:count] for image, count in zip(pixels, counts, strict=True)])
        whole = self.tower(pixels)
        pictures, start = [], 0
        for number, (size, count) in enumerate(zip(sizes, counts, strict=True)):
            rows, columns = self._arrangement(size)
            tower = whole.of(number, slice(start, start + count), (rows, columns) if count > 1 else None)
            pictures.append(self._picture(tower, size))
            start += count
        return pictures

    def _picture(self, tower: Any, size: Tensor) -> Picture:
        inner = self.model.model
        tokens = self.encoded(tower, inner.multi_modal_projector)
        newline = inner.image_newline if self.fitted.newlines or not tokens.moves else None
        places = self._places(size)
        picture, layout = packed(tokens, places, newline, (0, 0) if tokens.moves else tower.grid)
        picture = replace(picture, cells=cells_of_places(places, tower.grid))
        return reduced(picture, partial(self.projected, layout=layout))

    def _places(self, size: Tensor) -> Tensor:
        """Which token of which tile stands at each place of an image of this size ``[places]``."""

        def pack(features: list[Tensor], newline: Tensor) -> Any:
            strategy = self.model.config.vision_feature_select_strategy
            return self.model.model.pack_image_features(features, [size], strategy, image_newline=newline)

        return numbered(self._tiles(size), self._tokens_of_tile(), pack, self.model.device)

    def _tiles(self, size: Tensor) -> int:
        from transformers.models.llava_next.modeling_llava_next import image_size_to_num_patches

        config = self.model.config
        return image_size_to_num_patches(size, config.image_grid_pinpoints, config.vision_config.image_size)

    def _arrangement(self, size: Tensor) -> tuple[int, int]:
        """Rows and columns of the tiles behind the thumbnail."""
        from transformers.models.llava_next.modeling_llava_next import get_anyres_image_grid_shape

        config = self.model.config
        return get_anyres_image_grid_shape(size, config.image_grid_pinpoints, config.vision_config.image_size)
