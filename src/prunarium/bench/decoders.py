"""Large language models, inside LLaVAs and alone, by their shapes: for costs and times that need no trained weights."""

from dataclasses import dataclass, replace

import torch
from torch import nn

HEAD_DIM = 128
PATCH = 14
POSITIONS = 131072


@dataclass(frozen=True)
class VisionTower:
    """A CLIP tower; by default the ViT-L/14 of the LLaVAs."""

    layers: int = 24
    width: int = 1024
    feed_forward: int = 4096


@dataclass(frozen=True)
class Decoder:
    """A Llama inside a LLaVA.

    Attributes:
        image_tokens: of the usual image.
        words: in the vocabulary.
    """

    layers: int
    width: int
    feed_forward: int
    image_tokens: int
    words: int = 32064
    tower: VisionTower = VisionTower()

    def build(self) -> nn.Module:
        """A whole Llava around it on the ``meta`` device, with the smallest vision tower: the tower is never run."""
        tower = VisionTower(layers=1, width=64, feed_forward=256)
        with torch.device("meta"):
            return replace(self, tower=tower).llava(image_size=PATCH)

    def llava(self, image_size: int) -> nn.Module:
        """A whole Llava with random weights, for square images of so many pixels a side."""
        from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration

        text = LlamaConfig(
            vocab_size=self.words,
            hidden_size=self.width,
            intermediate_size=self.feed_forward,
            num_hidden_layers=self.layers,
            num_attention_heads=self.width // HEAD_DIM,
        )
        vision = CLIPVisionConfig(
            hidden_size=self.tower.width,
            intermediate_size=self.tower.feed_forward,
            num_hidden_layers=self.tower.layers,
            num_attention_heads=self.tower.width // 64,
            image_size=image_size,
            patch_size=PATCH,
        )
        config = LlavaConfig(text_config=text, vision_config=vision, image_token_id=self.words - 1)
        return LlavaForConditionalGeneration(config).eval()


DECODERS = {
    "llava-1.5-7b-decoder": Decoder(32, 4096, 11008, 576),
    "llava-1.5-13b-decoder": Decoder(40, 5120, 13824, 576),
    "llava-next-7b-decoder": Decoder(32, 4096, 11008, 2880),
    "llava-next-13b-decoder": Decoder(40, 5120, 13824, 2880),
}


@dataclass(frozen=True)
class TextDecoder:
    """A Llama that reads text alone.

    Attributes:
        heads: of queries.
        key_heads: of keys and values.
        words: in the vocabulary.
        tied: whether the word head has the weights of the embedding.
    """

    layers: int
    width: int
    feed_forward: int
    heads: int
    key_heads: int
    words: int
    tied: bool = False

    def llama(self) -> nn.Module:
        """A whole Llama with random weights, for prompts of any length."""
        from transformers import LlamaConfig, LlamaForCausalLM

        return LlamaForCausalLM(
            LlamaConfig(
                vocab_size=self.words,
                hidden_size=self.width,
                intermediate_size=self.feed_forward,
                num_hidden_layers=self.layers,
                num_attention_heads=self.heads,
                num_key_value_heads=self.key_heads,
                max_position_embeddings=POSITIONS,
                tie_word_embeddings=self.tied,
            )
        ).eval()


TEXT_DECODERS = {
    "llama-2-7b": TextDecoder(32, 4096, 11008, heads=32, key_heads=32, words=32000),
    "llama-3.1-8b": TextDecoder(32, 4096, 14336, heads=32, key_heads=8, words=128256),
    "llama-3.2-1b": TextDecoder(16, 2048, 8192, heads=32, key_heads=8, words=128256, tied=True),
}
"""By the configurations that their models are published with."""
