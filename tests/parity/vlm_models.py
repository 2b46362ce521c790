"""What the parity tests of the vlm family share: the recorded cases, and the models and inputs they are of."""

import json
import re
from pathlib import Path

import numpy as np
import torch
from transformers import CLIPVisionConfig, DynamicCache, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration
from transformers.modeling_outputs import BaseModelOutputWithPooling

from prunarium.families.vlm.tower import HuggingFaceTower
from prunarium.ops import Tokens

from . import recipe

HERE = Path(__file__).parent
IMAGE = 96


def cases(name: str) -> dict[str, dict]:
    """The recorded cases of a method, by their names."""
    found = json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))["cases"]
    return {case["case"]: case for case in found}


class Language(torch.nn.Module):
    """The language half of a Llava, under the names that a plain Llama has."""

    def __init__(self, llava):
        super().__init__()
        self.model, self.lm_head = llava.model.language_model, llava.lm_head


def llava_of(case) -> tuple[LlavaForConditionalGeneration, dict]:
    """A Llava whose Llama has the recorded weights, and a prompt whose embeddings are the recorded ones."""
    params, inputs = case["params"], case["inputs"]
    sizes = {name: int(number) for name, number in re.findall(r"(layers|heads|hidden|kv_heads)=(\d+)", inputs["model"])}
    seed, hidden, heads = int(inputs["fill"].split(",")[1]), sizes.get("hidden", 64), sizes.get("heads", 4)
    text = LlamaConfig(
        num_hidden_layers=sizes.get("layers", params["layers"]),
        hidden_size=hidden,
        num_attention_heads=heads,
        num_key_value_heads=sizes.get("kv_heads", heads),
        intermediate_size=128,
        vocab_size=97,
        max_position_embeddings=2048,
        rms_norm_eps=1e-6,
        tie_word_embeddings=False,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
    )
    vision = CLIPVisionConfig(
        num_hidden_layers=1, hidden_size=16, num_attention_heads=2, intermediate_size=16, image_size=28, patch_size=14
    )
    model = LlavaForConditionalGeneration(LlavaConfig(text_config=text, vision_config=vision, image_token_index=IMAGE))
    recipe.fill_hf(Language(model), seed, 2.0)
    model = model.double().eval()
    batch = re.search(r"batch=(\d+)", inputs["inputs_embeds"])
    length, start, count = params["sequence"], params["image_start"], params["image_tokens"]
    embeddings = recipe.draw(seed, 0, (int(batch[1]) if batch else 1, length, hidden)).double()

    def recorded(module, args, kwargs):
        if kwargs["inputs_embeds"].shape[1] == length:
            kwargs["inputs_embeds"] = embeddings[: len(kwargs["inputs_embeds"])]
        return args, kwargs

    model.model.language_model.register_forward_pre_hook(recorded, with_kwargs=True)
    ids = torch.full(embeddings.shape[:2], 5)
    ids[:, start : start + count] = IMAGE
    return model, {"input_ids": ids, "mm_encoder_outputs": images(embeddings[:, start : start + count])}


def images(features: torch.Tensor) -> dict:
    """Features of images ``[images, tokens, dim]`` as a Llava takes them when they have been made before."""
    return {"image": BaseModelOutputWithPooling(pooler_output=list(features))}


def tower_of(case) -> tuple[Tokens, HuggingFaceTower]:
    """The recorded CLIP tower after it has seen the recorded pixels: its patches of the second-to-last layer, and what
    it has to offer."""
    from transformers import CLIPVisionModel

    inputs = case["inputs"]
    sizes = {name: int(number) for name, number in re.findall(r"(image|hidden|layers|heads)=(\d+)", inputs["model"])}
    model = CLIPVisionModel(
        CLIPVisionConfig(
            num_hidden_layers=sizes.get("layers", 24),
            hidden_size=sizes.get("hidden", 32),
            num_attention_heads=sizes.get("heads", 4),
            intermediate_size=64,
            image_size=sizes.get("image", 112),
            patch_size=14,
            projection_dim=16,
        )
    )
    recipe.fill_hf(model, int(inputs["fill"].split(",")[1]), 2.0)
    seed, batch = (int(number) for number in re.search(r"draw\((\d+), 0, \((\d+)", inputs["pixel_values"]).groups())
    side = sizes.get("image", 112)
    pixels = recipe.draw(seed, 0, (batch, 3, side, side)).double()
    with torch.no_grad():
        states = model.double().eval().requires_grad_(False)(pixels, output_hidden_states=True).hidden_states
    tower = HuggingFaceTower(model, states, feature=-2, prefix=1)
    patches = tower.states(tower.layer)
    return Tokens(patches, original=patches.shape[1]), tower


def lengths(cache: DynamicCache) -> list[int]:
    """Entries that each layer's cache holds."""
    return [layer.keys.shape[2] for layer in cache.layers]


def check_summary(found: torch.Tensor, expected: dict, tolerance: float = 2e-5) -> None:
    """Hold a tensor against a recorded summary: shape, norm, sums, first columns of some rows, and a checksum."""
    found = found.detach().double()
    assert list(found.shape) == expected["shape"]
    flat = found.flatten()
    np.testing.assert_allclose(found.norm(), expected["norm"], rtol=1e-5)
    np.testing.assert_allclose(found.abs().sum(), expected["abs_sum"], rtol=1e-5)
    scale = expected["abs_sum"] * max(tolerance, 1e-6)
    np.testing.assert_allclose(found.sum(), expected["sum"], atol=scale)
    checksum = (flat * torch.arange(len(flat), dtype=torch.float64).cos()).sum()
    np.testing.assert_allclose(checksum, expected["checksum_cos"], atol=scale)
    rows = found.reshape(-1, found.shape[-1])
    for row, values in expected["rows"].items():
        np.testing.assert_allclose(rows[int(row), :6], values, rtol=1e-6, atol=max(tolerance, 1e-6))
