"""Qwen2.5-VL: patches are merged two by two in the tower, and every token has a position in time, height and width."""

from typing import Any

from torch import Tensor, nn

from prunarium.errors import PrunariumError
from prunarium.families.base import TokenMethod
from prunarium.families.vlm.adapter import VlmAdapter
from prunarium.families.vlm.pictures import Picture, as_pictures
from prunarium.families.vlm.tower import Layout
from prunarium.ops import Tokens


class QwenVl(VlmAdapter):
    """transformers' ``Qwen2_5_VLForConditionalGeneration``, images only.

    Tokens keep their positions, also with methods that count them anew elsewhere: a position says where in the image a
    token is.
    """

    supported = "transformers Qwen2_5_VLForConditionalGeneration"
    renumbers = False

    @staticmethod
    def fits(model: nn.Module) -> bool:
        return type(model).__name__ == "Qwen2_5_VLForConditionalGeneration"

    def __init__(self, method: TokenMethod, model: Any) -> None:
        super().__init__(method, model)
        if self.encodes:
            raise PrunariumError(
                f"{type(method).__name__} reduces what leaves the vision tower, and that of Qwen2.5-VL merges patches "
                "in its last step; use a method that reduces after the projector or inside the language model"
            )

    def placeholders(self, kwargs: dict[str, Any]) -> int:
        if kwargs.get("pixel_values_videos") is not None:
            raise PrunariumError("videos are not supported while a method is applied; images are")
        if kwargs.get("pixel_values") is None:
            return 0
        return sum(self._counts(kwargs))

    def _counts(self, kwargs: dict[str, Any]) -> list[int]:
        side = self.model.config.vision_config.spatial_merge_size
        return (kwargs["image_grid_thw"].prod(-1) // side**2).tolist()

    def pictures(self, kwargs: dict[str, Any]) -> list[Picture]:
        inner, grids = self.model.model, kwargs["image_grid_thw"]
        output = type(inner).get_image_features(inner, kwargs["pixel_values"], grids, return_dict=True)
        side = self.model.config.vision_config.spatial_merge_size
        pictures = []
        for features, (_, height, width) in zip(output.pooler_output, grids.tolist(), strict=True):
            tokens = Tokens(features[None], first_sample=self.first_sample, original=len(features))
            layout = Layout((height // side, width // side), len(features))
            pictures += as_pictures(self.projected(tokens, layout), grid=layout.grid)
        return pictures

    def shorten(self, kwargs: dict[str, Any], rows: Tensor, features: Tensor) -> dict[str, Any]:
        positions = self._positions(kwargs)
        shorter = super().shorten({**kwargs, "position_ids": None}, rows, features)
        if positions is not None:
            index = rows.expand(positions.shape[0], -1, -1)
            shorter["position_ids"] = positions.expand(-1, len(rows), -1).gather(2, index)
        if kwargs.get("mm_token_type_ids") is not None:
            shorter["mm_token_type_ids"] = kwargs["mm_token_type_ids"].gather(1, rows)
        return shorter

    def _positions(self, kwargs: dict[str, Any]) -> Tensor | None:
        """Of the whole prompt, in time, height and width ``[3 or 4, batch, tokens]``."""
        if kwargs.get("position_ids") is not None:
            return kwargs["position_ids"]
        ids = kwargs["input_ids"]
        return self.model.model.compute_3d_position_ids(
            input_ids=ids,
            image_grid_thw=kwargs.get("image_grid_thw"),
            video_grid_thw=None,
            inputs_embeds=ids.unsqueeze(-1),
            attention_mask=kwargs.get("attention_mask"),
            past_key_values=None,
            mm_token_type_ids=kwargs.get("mm_token_type_ids"),
        )

    def go_on(self, kwargs: dict[str, Any], position: int, fewer: int) -> dict[str, Any]:
        if kwargs.get("position_ids") is None:
            raise PrunariumError("pass position_ids, as generate() does: a shortened prompt does not tell them")
        return kwargs
