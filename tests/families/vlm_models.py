"""Small vision-language models of transformers with random weights, and prompts for them."""

import torch
from transformers import (
    CLIPConfig,
    CLIPModel,
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaNextConfig,
    LlavaNextForConditionalGeneration,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2Config,
    SiglipVisionConfig,
)

IMAGE = 59
SPECIAL = (56, 57, 58, IMAGE)  # never generated: a generated placeholder would be taken for an image
TEXT = {
    "num_hidden_layers": 6,
    "hidden_size": 32,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 64,
    "vocab_size": 60,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": None,
}
VISION = {
    "num_hidden_layers": 4,
    "hidden_size": 32,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "image_size": 24,
    "patch_size": 4,
}
PATCHES = 36


def make_llava(text=LlamaConfig, tower=CLIPVisionConfig, **extra):
    """A LLaVA with 36 image tokens and 6 layers, in evaluation mode."""
    strategy = "default" if tower is CLIPVisionConfig else "full"
    config = LlavaConfig(
        text_config=text(**TEXT, **extra),
        vision_config=tower(**VISION),
        image_token_index=IMAGE,
        vision_feature_layer=-2,
        vision_feature_select_strategy=strategy,
    )
    return _peaked(LlavaForConditionalGeneration, config)


def make_llava_next():
    """A LLaVA-NeXT of tiles of 24 x 24 pixels, up to 2 x 2 of them."""
    config = LlavaNextConfig(
        text_config=LlamaConfig(**TEXT),
        vision_config=CLIPVisionConfig(**VISION),
        image_token_index=IMAGE,
        vision_feature_layer=-2,
        image_grid_pinpoints=[[24, 48], [48, 24], [48, 48]],
    )
    return _peaked(LlavaNextForConditionalGeneration, config)


def make_qwen():
    """A Qwen2.5-VL whose patches are merged two by two."""
    rope = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [2, 1, 1]}
    vision = {
        "depth": 2,
        "hidden_size": 32,
        "num_heads": 2,
        "intermediate_size": 64,
        "out_hidden_size": 32,
        "patch_size": 4,
        "spatial_merge_size": 2,
        "window_size": 16,
        "fullatt_block_indexes": [1],
    }
    config = Qwen2_5_VLConfig(
        text_config={**TEXT, "rope_parameters": rope},
        vision_config=vision,
        image_token_id=IMAGE,
        video_token_id=58,
        vision_start_token_id=57,
        vision_end_token_id=56,
    )
    return _peaked(Qwen2_5_VLForConditionalGeneration, config)


def _peaked(kind, config):
    """A model whose attention is far from uniform."""
    torch.manual_seed(0)
    model = kind(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith(("q_proj.weight", "k_proj.weight")):
                parameter.normal_(std=0.5 if "language" in name else 0.3)
    return model


def make_clip(width=VISION["hidden_size"], joint=6):
    """A CLIP with both halves, whose patches have so many numbers, and so many where they meet the text."""
    text = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8, "vocab_size": 9}
    torch.manual_seed(0)
    vision = {**VISION, "hidden_size": width}
    text |= {"bos_token_id": 1, "eos_token_id": 2}
    config = CLIPConfig(text_config=text, vision_config=vision, projection_dim=joint)
    return CLIPModel(config).eval()


MODELS = {
    "llava": make_llava,
    "llava, SigLIP and Qwen2": lambda: make_llava(Qwen2Config, SiglipVisionConfig),
    "llava-next": make_llava_next,
    "qwen2.5-vl": make_qwen,
}


def prompt_for(model, samples=2, images=1, before=4, after=6):
    """Prompts with as many images each, text before, between and after them."""
    draw = torch.Generator().manual_seed(2)
    kind, count, inputs = type(model).__name__, PATCHES, {}
    if kind == "Qwen2_5_VLForConditionalGeneration":
        inputs["image_grid_thw"] = torch.tensor([[1, 12, 12]] * samples * images)
        inputs["pixel_values"] = torch.randn(144 * samples * images, 3 * 2 * 16, generator=draw)
    elif kind == "LlavaNextForConditionalGeneration":
        inputs["image_sizes"] = torch.tensor([[40, 24]] * samples * images)
        inputs["pixel_values"] = torch.randn(samples * images, 3, 3, 24, 24, generator=draw)
        count = places_of(model, inputs["image_sizes"][0])
    else:
        inputs["pixel_values"] = torch.randn(samples * images, 3, 24, 24, generator=draw)
    parts = [torch.randint(3, 50, (samples, before), generator=draw)]
    for _ in range(images):
        parts += [torch.full((samples, count), IMAGE), torch.randint(3, 50, (samples, after), generator=draw)]
    inputs["input_ids"] = torch.cat(parts, dim=1)
    if kind.startswith("Qwen"):
        inputs["mm_token_type_ids"] = (inputs["input_ids"] == IMAGE).int()
    return inputs


def places_of(model, size) -> int:
    """How many tokens transformers' own code makes of an image of this size."""
    with torch.no_grad():
        pixels = torch.zeros(1, 3, 3, 24, 24)
        return len(model.model.get_image_features(pixels, image_sizes=size[None], return_dict=True).pooler_output[0])


def one_of(prompt, number):
    """One sample of prompts with an image each."""
    single = {name: value[number : number + 1] for name, value in prompt.items()}
    if "image_grid_thw" in prompt:
        pixels = len(prompt["pixel_values"]) // len(prompt["input_ids"])
        single["pixel_values"] = prompt["pixel_values"][number * pixels : (number + 1) * pixels]
    return single


def generate(model, prompt, new=8, **options):
    """Greedily generated tokens ``[batch, new]``."""
    ids = model.generate(**prompt, max_new_tokens=new, do_sample=False, suppress_tokens=list(SPECIAL), **options)
    return ids[:, prompt["input_ids"].shape[1] :]


def step_by_step(model, prompt, new=8):
    """The same, every word by reading everything again, without a cache."""
    ids, length = prompt["input_ids"], prompt["input_ids"].shape[1]
    for step in range(new):
        inputs = {**prompt, "input_ids": ids}
        if "mm_token_type_ids" in prompt:
            inputs["mm_token_type_ids"] = torch.nn.functional.pad(prompt["mm_token_type_ids"], (0, step))
        logits = model(**inputs, use_cache=False).logits[:, -1]
        logits[:, list(SPECIAL)] = -torch.inf
        ids = torch.cat([ids, logits.argmax(-1, keepdim=True)], dim=1)
    return ids[:, length:]
