"""The small models that the package ships for its embedded benchmarks.

They are ordinary timm and transformers classes, so that a method meets the same code as on a full-size checkpoint.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

from prunarium.bench import digit_grid

if TYPE_CHECKING:
    from timm.models.vision_transformer import VisionTransformer
    from transformers import LlavaForConditionalGeneration

WEIGHTS = Path(__file__).parent / "weights"


def cluttered_digits_vit() -> "VisionTransformer":
    """timm's VisionTransformer: 32 x 32 pixels, 64 patch tokens and a cls token, 6 blocks of width 64."""
    from timm.models.vision_transformer import VisionTransformer

    return VisionTransformer(
        img_size=32,
        patch_size=4,
        in_chans=1,
        num_classes=10,
        embed_dim=64,
        depth=6,
        num_heads=4,
        mlp_ratio=2,
    )


def digit_grid_llava() -> "LlavaForConditionalGeneration":
    """transformers' LlavaForConditionalGeneration: a CLIP tower of 4 layers, a Llama of 8 layers, both of width 64.

    Takes images ``[batch, 3, 48, 48]`` in 0..1, which become 144 visual tokens, as in LLaVA taken from the tower's last
    layer but one.
    """
    from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration

    vision = CLIPVisionConfig(
        image_size=digit_grid.CANVAS,
        patch_size=digit_grid.PATCH,
        hidden_size=64,
        intermediate_size=160,
        num_hidden_layers=4,
        num_attention_heads=4,
    )
    text = LlamaConfig(
        vocab_size=len(digit_grid.VOCABULARY),
        hidden_size=64,
        intermediate_size=192,
        num_hidden_layers=8,
        num_attention_heads=4,
        max_position_embeddings=192,
        initializer_range=0.1,
        pad_token_id=digit_grid.PAD,
        bos_token_id=digit_grid.BOS,
        eos_token_id=digit_grid.EOS,
    )
    return LlavaForConditionalGeneration(
        LlavaConfig(
            vision_config=vision,
            text_config=text,
            image_token_id=digit_grid.IMAGE,
            image_seq_length=digit_grid.IMAGE_TOKENS,
            vision_feature_layer=-2,
            vision_feature_select_strategy="default",
        )
    )


def save_weights(model: nn.Module, path: Path) -> None:
    """Write a state dict in half precision, to a temporary file first."""
    from safetensors.torch import save_file

    partial = path.with_suffix(".partial")
    save_file({name: tensor.half().contiguous() for name, tensor in model.state_dict().items()}, partial)
    partial.replace(path)


def load_weights(model: nn.Module, path: Path) -> nn.Module:
    """Load shipped weights into a model, in float32 and ready for inference."""
    from safetensors.torch import load_file

    model.load_state_dict({name: tensor.to(torch.float32) for name, tensor in load_file(path).items()})
    return model.eval()
