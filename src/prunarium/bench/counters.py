"""Multiply-accumulates, counted twice: by torch's FlopCounterMode and by a closed form that audits it.

Some counters do not see fused attention and so understate the untouched model; a mismatch is an error here.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from prunarium.bench.samples import Inputs
from prunarium.errors import PrunariumError
from prunarium.families import Handle, Report

TOLERANCE = 0.01
MISSING = "missing: this torch does not count all of it; use another version"
TOO_MANY = "too many: the model, or the method outside its reduce, computes what the closed form does not know"
LINEAR = {"mm", "addmm", "_scaled_mm"}


@dataclass(frozen=True)
class Macs:
    """Multiply-accumulates of one forward pass.

    Attributes:
        convolution: the patch embedding.
        linear: projections, MLPs and heads.
        attention: the two products of attention, fused or not.
        own: the method's own work.
    """

    convolution: int = 0
    linear: int = 0
    attention: int = 0
    own: int = 0

    @property
    def total(self) -> int:
        """All together."""
        return sum(asdict(self).values())


def mean_macs(counts: Sequence[Macs]) -> Macs:
    """The mean of several samples, term by term, rounded to whole ones."""
    terms = asdict(counts[0])
    return Macs(**{term: round(sum(getattr(one, term) for one in counts) / len(counts)) for term in terms})


def count_macs(model: nn.Module, answer: Any, inputs: Inputs, handle: Handle | None = None) -> Macs:
    """Multiply-accumulates of one forward pass, everything that runs included.

    Args:
        model: the model.
        answer: runs it on ``inputs``.
        inputs: of one sample.
        handle: of the method in the model; what runs inside its ``watch`` is counted apart.
    """
    return _by_term(*_count(model, answer, inputs, handle))


def check_fused(model: nn.Module, answer: Any, inputs: Inputs) -> None:
    """Refuse a model whose attention is not fused: a speed-up against it would be one against a slow rival.

    Args:
        model: untouched.
        answer: runs it on ``inputs``.
        inputs: of one sample.

    Raises:
        PrunariumError: more than 1 % of its attention went through ordinary matrix products.
    """
    everything, _ = _count(model, answer, inputs, None)
    fused = sum(count for operator, count in everything.items() if "scaled_dot_product" in operator)
    attention = _by_term(everything, Counter()).attention
    if fused < (1 - TOLERANCE) * attention:
        raise PrunariumError(
            f"the untouched model computes {100 * (1 - fused / attention):.0f} % of its attention without the fused "
            "kernel, and scores are against fused attention; unset TIMM_FUSED_ATTN for a timm model, call "
            "set_attn_implementation('sdpa') on a transformers one"
        )


def _count(model: nn.Module, answer: Any, inputs: Inputs, handle: Handle | None) -> tuple[Counter[str], Counter[str]]:
    """Multiply-accumulates by operator: of everything, and of what ran inside the handle's ``watch``."""
    own: Counter[str] = Counter()
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    for parameter in trainable:
        parameter.requires_grad_(False)  # the counter trips over a learned query that needs a gradient
    try:
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            if handle is not None:
                handle.watch = lambda: _counted_apart(counter, own)
            answer(model, inputs)
    finally:
        if handle is not None:
            handle.watch = nullcontext
        for parameter in trainable:
            parameter.requires_grad_(True)
    return _so_far(counter), own


def _so_far(counter: FlopCounterMode) -> Counter[str]:
    """Multiply-accumulates by operator."""
    return Counter({str(operator): flops // 2 for operator, flops in counter.get_flop_counts()["Global"].items()})


@contextmanager
def _counted_apart(counter: FlopCounterMode, own: Counter[str]) -> Iterator[None]:
    before = _so_far(counter)
    yield
    own.update(_so_far(counter) - before)


def _by_term(everything: Counter[str], own: Counter[str]) -> Macs:
    terms: Counter[str] = Counter(own=own.total())
    for operator, count in (everything - own).items():
        name = operator.rpartition(".")[2]
        terms["convolution" if "conv" in name else "linear" if name in LINEAR else "attention"] += count
    return Macs(**terms)


def audit(counted: Macs, expected: Macs) -> None:
    """Hold a count against the closed form of the model's family, term by term; the method's own work has no such form.

    Raises:
        PrunariumError: a term of the count is more than 1 % off; the error names it.
    """
    for term in ("convolution", "linear", "attention"):
        seen, due = getattr(counted, term), getattr(expected, term)
        if abs(seen - due) > TOLERANCE * due:
            raise PrunariumError(
                f"the counter saw {seen / 1e6:.2f} M multiply-accumulates of {term}, the closed form has "
                f"{due / 1e6:.2f} M, so {abs(seen - due) / 1e6:.2f} M are {MISSING if seen < due else TOO_MANY}"
            )


def closed_form(model: Any, report: Report, inputs: Inputs) -> Macs:
    """What a forward pass of one sample must cost, from the tokens of every block, the method's own work left out."""
    if hasattr(model, "patch_embed"):
        return vit_macs(model, report)
    text = inputs["input_ids"].shape[1] - report.tokens_in[0]
    return llava_macs(model, [count + text for count in report.tokens_out])


def _linear(module: nn.Module) -> int:
    """Multiply-accumulates of all linear layers in a module, for one token."""
    return sum(part.weight.numel() for part in module.modules() if isinstance(part, nn.Linear))


def vit_macs(model: Any, report: Report) -> Macs:
    """Closed form of a timm VisionTransformer, one image.

    Per block: the projections of attention on the tokens attended, its two products, the MLP on the tokens out. A
    block that took its attention from the method has no queries, no keys, and one product.
    """
    linear = attention = 0
    for block, record in zip(model.blocks, report.blocks, strict=True):
        count, width = record.attended, block.attn.num_heads * block.attn.head_dim
        spared = 2 * width * block.attn.qkv.in_features if record.reused else 0
        linear += count * (_linear(block.attn) - spared) + record.tokens_out * _linear(block.mlp)
        attention += (1 if record.reused else 2) * count * count * width
    for name in ("head", "head_dist"):
        head = getattr(model, name, None)
        linear += head.weight.numel() if isinstance(head, nn.Linear) else 0
    pool = model.attn_pool
    if pool is not None:
        left = report.tokens_out[-1] - (0 if model.pool_include_prefix else model.num_prefix_tokens)
        linear += left * _linear(pool.kv) + _linear(pool.q) + _linear(pool.proj) + _linear(pool.mlp)
        attention += 2 * left * model.embed_dim
    patches = report.tokens_in[0] - model.num_prefix_tokens
    return Macs(patches * model.patch_embed.proj.weight.numel(), linear, attention)


def llava_macs(model: Any, tokens: list[int]) -> Macs:
    """Closed form of a Llava with a CLIP tower and a Llama, one prompt with one image, logits of the last token.

    Args:
        model: the model.
        tokens: tokens in each layer of the language model, text and image.
    """
    tower, vision = model.model.vision_tower, model.model.vision_tower.config
    patches = (vision.image_size // vision.patch_size) ** 2
    count, layers = patches + 1, vision.num_hidden_layers
    linear = count * _linear(tower.encoder) + patches * _linear(model.model.multi_modal_projector)
    attention = layers * 2 * count * count * vision.hidden_size
    decoder = decoder_macs(model.model.language_model.layers, tokens)
    convolution = patches * tower.embeddings.patch_embedding.weight.numel()
    return Macs(convolution, linear + decoder.linear + model.lm_head.weight.numel(), attention + decoder.attention)


def decoder_macs(layers: Any, tokens: list[int]) -> Macs:
    """Closed form of Llama layers, one prompt, from the tokens in each layer."""
    linear = attention = 0
    for layer, count in zip(layers, tokens, strict=True):
        linear += count * _linear(layer)
        attention += 2 * count * count * layer.self_attn.q_proj.out_features
    return Macs(linear=linear, attention=attention)
