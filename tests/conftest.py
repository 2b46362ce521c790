"""What many tests share: small real models, and one thread for each process."""

import os

import pytest
import torch
from hypothesis import settings

from tests.command_line import prunarium  # noqa: F401 - a fixture
from tests.method_folders import method_folder  # noqa: F401 - a fixture

# The models are too small for more, and threads that wait for each other on a busy machine cost most of the time.
os.environ.setdefault("OMP_NUM_THREADS", "1")  # of the processes that tests start
torch.set_num_threads(1)
settings.register_profile("untimed", settings.default, deadline=None)
settings.load_profile("untimed")


@pytest.fixture
def vit():
    """A small timm ViT with 64 patch tokens, a cls token and 6 blocks, random weights."""
    from timm.models.vision_transformer import VisionTransformer

    torch.manual_seed(0)
    model = VisionTransformer(img_size=32, patch_size=4, num_classes=10, embed_dim=48, depth=6, num_heads=3)
    return peaked(model).eval()


def peaked(model):
    """Larger qkv weights: with the default ones attention is nearly uniform and every ranking a tie."""
    with torch.no_grad():
        for block in model.blocks:
            block.attn.qkv.weight.normal_(std=0.3)
    return model


@pytest.fixture
def images():
    """Eight small random images."""
    return torch.randn(8, 3, 32, 32, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def llava():
    """A tiny Llava with 16 image tokens and 6 layers, random weights."""
    from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration

    torch.manual_seed(0)
    text = LlamaConfig(
        num_hidden_layers=6,
        hidden_size=32,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=64,
        vocab_size=60,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=None,
    )
    vision = CLIPVisionConfig(
        num_hidden_layers=1, hidden_size=32, num_attention_heads=2, intermediate_size=64, image_size=16, patch_size=4
    )
    config = LlavaConfig(text_config=text, vision_config=vision, image_token_index=59, vision_feature_layer=-1)
    model = LlavaForConditionalGeneration(config).eval()
    with torch.no_grad():
        for layer in model.model.language_model.layers:
            layer.self_attn.q_proj.weight.normal_(std=0.5)
            layer.self_attn.k_proj.weight.normal_(std=0.5)
    return model


@pytest.fixture
def prompt(llava):
    """Two prompts with an image each: text, 16 image tokens, text."""
    draw = torch.Generator().manual_seed(2)
    ids = torch.randint(3, 50, (2, 26), generator=draw)
    ids[:, 4:20] = llava.config.image_token_id
    return {"input_ids": ids, "pixel_values": torch.randn(2, 3, 16, 16, generator=draw)}
