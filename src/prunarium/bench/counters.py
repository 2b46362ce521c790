"""Multiply-accumulates, counted twice: by torch's FlopCounterMode and by a closed form that audits it.

Some counters do not see fused attention and so understate the untouched model; a mismatch is an error here.
"""

from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from prunarium.bench.benchmarks import Inputs
from prunarium.errors import PrunariumError

TOLERANCE = 0.01


def count_macs(model: nn.Module, answer: Any, inputs: Inputs) -> int:
    """Multiply-accumulates of one forward pass, everything that runs included."""
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    for parameter in trainable:
        parameter.requires_grad_(False)  # the counter trips over a learned query that needs a gradient
    try:
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            answer(model, inputs)
    finally:
        for parameter in trainable:
            parameter.requires_grad_(True)
    return counter.get_total_flops() // 2


def audit(counted: int, model: nn.Module, tokens_in: list[int], tokens_out: list[int], text_tokens: int = 0) -> int:
    """Check a count against the closed form of the model's family; returns the closed form.

    A method's own arithmetic comes on top of the closed form, so only a count below it is an error.

    Raises:
        PrunariumError: the counter missed more than 1 % of what the model must have computed.
    """
    if hasattr(model, "patch_embed"):
        expected = vit_macs(model, tokens_in, tokens_out)
    else:
        expected = llava_macs(model, [count + text_tokens for count in tokens_out])
    if counted < (1 - TOLERANCE) * expected:
        raise PrunariumError(
            f"the counter saw {counted / 1e6:.1f} M multiply-accumulates, the closed form has {expected / 1e6:.1f} M: "
            "this torch does not count all of attention; use another version"
        )
    return expected


def vit_macs(model: Any, tokens_in: list[int], tokens_out: list[int]) -> int:
    """Closed form of a timm VisionTransformer, one image.

    Per block: qkv and output projection on the tokens in, two products of attention, the MLP on the tokens out.
    """
    dim = model.embed_dim
    projection = model.patch_embed.proj
    total = (tokens_in[0] - model.num_prefix_tokens) * projection.weight.numel()
    for block, count, left in zip(model.blocks, tokens_in, tokens_out, strict=True):
        inner = block.attn.num_heads * block.attn.head_dim
        total += 4 * count * dim * inner + 2 * count * count * inner
        total += left * (block.mlp.fc1.weight.numel() + block.mlp.fc2.weight.numel())
    for name in ("head", "head_dist"):
        head = getattr(model, name, None)
        total += head.weight.numel() if isinstance(head, nn.Linear) else 0
    pool = model.attn_pool
    if pool is not None:
        left = tokens_out[-1] - (0 if model.pool_include_prefix else model.num_prefix_tokens)
        total += left * pool.kv.weight.numel() + 2 * left * dim + pool.q.weight.numel() + pool.proj.weight.numel()
        total += pool.mlp.fc1.weight.numel() + pool.mlp.fc2.weight.numel()
    return total


def llava_macs(model: Any, tokens: list[int]) -> int:
    """Closed form of a Llava with a CLIP tower and a Llama, one prompt with one image, logits of the last token.

    Args:
        model: the model.
        tokens: tokens in each layer of the language model, text and image.
    """
    tower, projector = model.model.vision_tower, model.model.multi_modal_projector
    vision = tower.config
    patches = (vision.image_size // vision.patch_size) ** 2
    count, dim = patches + 1, vision.hidden_size
    total = patches * tower.embeddings.patch_embedding.weight.numel()
    total += vision.num_hidden_layers * (
        4 * count * dim * dim + 2 * count * count * dim + 2 * count * dim * vision.intermediate_size
    )
    total += patches * (projector.linear_1.weight.numel() + projector.linear_2.weight.numel())
    for layer, count in zip(model.model.language_model.layers, tokens, strict=True):
        attn, mlp = layer.self_attn, layer.mlp
        linear = (attn.q_proj, attn.k_proj, attn.v_proj, attn.o_proj, mlp.gate_proj, mlp.up_proj, mlp.down_proj)
        total += count * sum(module.weight.numel() for module in linear)
        total += 2 * count * count * attn.q_proj.out_features
    return total + model.lm_head.weight.numel()
