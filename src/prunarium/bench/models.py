"""The small models that the package ships for its embedded benchmarks.

They are ordinary timm and transformers classes, so that a method meets the same code as on a full-size checkpoint.
"""

from pathlib import Path

import torch
from torch import nn

WEIGHTS = Path(__file__).parent / "weights"


def cluttered_digits_vit() -> nn.Module:
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
