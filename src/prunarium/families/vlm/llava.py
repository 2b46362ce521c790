"""LLaVA: every image is one tile, whose patches become tokens of the prompt."""

from typing import Any

from torch import Tensor, nn

from prunarium.errors import PrunariumError
from prunarium.families.vlm.adapter import VlmAdapter
from prunarium.families.vlm.pictures import Picture, as_pictures
from prunarium.families.vlm.tower import HuggingFaceTower, Layout


class Llava(VlmAdapter):
    """transformers' ``LlavaForConditionalGeneration`` with a CLIP or SigLIP tower."""

    supported = "transformers LlavaForConditionalGeneration"
    alike = True

    @staticmethod
    def fits(model: nn.Module) -> bool:
        return type(model).__name__ == "LlavaForConditionalGeneration"

    @property
    def prefix(self) -> int:
        """Leading tokens of the tower's output that are no patches: a cls token, or none."""
        config = self.model.config.vision_config
        return int(self.model.model.vision_tower.embeddings.position_embedding.num_embeddings) - self.patches(config)

    @staticmethod
    def patches(config: Any) -> int:
        """Of one tile."""
        return (config.image_size // config.patch_size) ** 2

    def tower_offers(self) -> frozenset[str]:
        if not self.enters:
            return frozenset()
        return frozenset({"cls_attention"}) if self.prefix else frozenset()

    def tower_shape(self) -> dict[str, Any]:
        config = self.model.config.vision_config
        side = config.image_size // config.patch_size
        return {"tower_dim": config.hidden_size, "tower_depth": config.num_hidden_layers, "grid": (side, side)}

    def placeholders(self, kwargs: dict[str, Any]) -> int:
        pixels = kwargs.get("pixel_values")
        return 0 if pixels is None else len(pixels) * self._tokens_of_tile()

    def _tokens_of_tile(self) -> int:
        config = self.model.config
        whole = config.vision_feature_select_strategy == "full"
        return self.patches(config.vision_config) + (self.prefix if whole else 0)

    def tower(self, pixels: Tensor) -> HuggingFaceTower:
        """Run the vision tower."""
        config = self.model.config
        feature = config.vision_feature_layer
        if not isinstance(feature, int):
            raise PrunariumError("this model joins features of several layers; use a method inside the language model")
        if self.prefix and config.vision_feature_select_strategy == "full":
            raise PrunariumError("strategy 'full' keeps the cls token in the prompt; use 'default'")
        tower = self.model.model.vision_tower
        states = tower(pixels, output_hidden_states=True, return_dict=True).hidden_states
        return HuggingFaceTower(tower, states, feature, self.prefix)

    def pictures(self, kwargs: dict[str, Any]) -> list[Picture]:
        tower = self.tower(kwargs["pixel_values"])
        tokens = self.encoded(tower, self.model.model.multi_modal_projector)
        layout = Layout(tower.grid if not tokens.moves else (0, 0), tokens.count)
        return as_pictures(self.projected(tokens, layout), projected=tokens.count, grid=tower.grid)
