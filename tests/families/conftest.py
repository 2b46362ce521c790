"""Small vision transformers of both libraries, with weights that make their attention peaked."""

import timm
import torch
from transformers import (
    CLIPVisionConfig,
    CLIPVisionModel,
    CLIPVisionModelWithProjection,
    DeiTConfig,
    DeiTForImageClassificationWithTeacher,
    Dinov2Config,
    Dinov2ForImageClassification,
    Dinov2WithRegistersConfig,
    Dinov2WithRegistersForImageClassification,
    SiglipVisionConfig,
    SiglipVisionModel,
    ViTConfig,
    ViTForImageClassification,
    ViTModel,
)

SIZES = {
    "hidden_size": 48,
    "num_hidden_layers": 4,
    "num_attention_heads": 3,
    "intermediate_size": 96,
    "image_size": 64,
    "patch_size": 16,
    "num_labels": 7,
}
HUGGING_FACE = {
    "ViTModel": (ViTModel, ViTConfig, {}),
    "ViTForImageClassification": (ViTForImageClassification, ViTConfig, {}),
    "DeiT with teacher": (DeiTForImageClassificationWithTeacher, DeiTConfig, {}),
    "DINOv2": (Dinov2ForImageClassification, Dinov2Config, {"layerscale_value": 0.5}),
    "DINOv2 with registers": (
        Dinov2WithRegistersForImageClassification,
        Dinov2WithRegistersConfig,
        {"layerscale_value": 0.5, "use_swiglu_ffn": True},
    ),
    "CLIP vision": (CLIPVisionModel, CLIPVisionConfig, {}),
    "CLIP vision with projection": (CLIPVisionModelWithProjection, CLIPVisionConfig, {"projection_dim": 24}),
    "SigLIP vision": (SiglipVisionModel, SiglipVisionConfig, {}),
}


def make_hugging_face(kind: str, **extra):
    """One of the models, in evaluation mode."""
    torch.manual_seed(3)
    model_class, config_class, own = HUGGING_FACE[kind]
    model = model_class(config_class(**{**SIZES, **own, **extra})).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith(("q_proj.weight", "k_proj.weight")):
                parameter.normal_(std=0.3)
            elif parameter.ndim > 1 or "token" in name:
                parameter.normal_(std=0.15)
    return model


def make_timm(**extra):
    """A small timm VisionTransformer, in evaluation mode."""
    torch.manual_seed(3)
    sizes = {"img_size": 64, "embed_dim": 48, "depth": 4, "num_heads": 3, "num_classes": 7}
    model = timm.create_model("vit_tiny_patch16_224", **{**sizes, **extra}).eval()
    with torch.no_grad():
        for block in model.blocks:
            block.attn.qkv.weight.normal_(std=0.3)
    return model


def answer_of(output) -> torch.Tensor:
    """The one tensor that a model's output is about."""
    for name in ("logits", "image_embeds", "pooler_output"):
        if getattr(output, name, None) is not None:
            return getattr(output, name)
    return output
