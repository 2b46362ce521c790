"""What a forward pass of one sample must cost in multiply-accumulates, by closed forms that audit the counter."""

from collections.abc import Iterable
from typing import Any

from torch import nn

from prunarium.bench.counters import WHOLE, Macs, Stages, total
from prunarium.bench.samples import Inputs
from prunarium.families import Report
from prunarium.families.decoder.anatomy import ANATOMIES
from prunarium.families.encoder.hugging_face import TextEncoder


def closed_form(model: Any, report: Report, inputs: Inputs) -> Stages:
    """Of each stage, from the tokens of every block; the method's own work is left out.

    Args:
        model: that ran; a language model gave the logits of the last token.
        report: of the method in it.
        inputs: of one sample.
    """
    if hasattr(model, "patch_embed"):
        return {WHOLE: vit_macs(model, report)}
    if TextEncoder.fits(model):
        return {WHOLE: encoder_macs(model, report)}
    if type(model).__name__ in ANATOMIES:
        worked, attended = report.tokens_out, [record.attended for record in report.blocks]
        return {WHOLE: language_model_macs(model, worked, attended)}
    inner, text = model.model, inputs["input_ids"].shape[1] - report.tokens_in[0]
    prefill = decoder_macs(inner.language_model.layers, [count + text for count in report.tokens_out])
    stages = {"prefill": prefill + Macs(linear=model.lm_head.weight.numel())}
    if "pixel_values" not in inputs:
        return stages
    if hasattr(inner, "visual"):
        return {**stages, **_qwen_vision(inner.visual, report, inputs)}
    return {**stages, **_tiled_vision(model, report, inputs)}


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


def encoder_macs(model: Any, report: Report) -> Macs:
    """Closed form of a text encoder, one text: its layers, as in ``vit_macs``, and its head."""
    trunk = getattr(model, model.base_model_prefix, model)
    layers = (trunk.encoder if hasattr(trunk, "encoder") else trunk.transformer).layer
    width, linear, attention = trunk.config.hidden_size, 0, 0
    for layer, record in zip(layers, report.blocks, strict=True):
        count, projections = record.attended, _linear(layer.attention)
        spared = 2 * width * width if record.reused else 0
        linear += count * (projections - spared) + record.tokens_out * (_linear(layer) - projections)
        attention += (1 if record.reused else 2) * count * count * width
        if trunk.config.model_type == "deberta-v2":
            positions, of_positions = _relative_positions(layer.attention.self, count)
            linear += positions.linear - count * of_positions
            attention += positions.attention
    of_each = type(model).__name__.endswith(("TokenClassification", "QuestionAnswering", "MaskedLM"))
    linear += (report.tokens_in[0] if of_each else 1) * (_linear(model) - _linear(layers))
    return Macs(linear=linear, attention=attention)


def _relative_positions(attention: Any, count: int) -> tuple[Macs, int]:
    """What DeBERTa's attention computes of how far tokens are apart: embeddings of distances go through projections,
    and are multiplied with queries and keys. Beside it the weights of projections that only distances go through.

    Args:
        attention: of one layer.
        count: of its tokens.
    """
    if not attention.relative_attention:
        return Macs(), 0
    width, distances = attention.all_head_size, 2 * attention.pos_ebd_size
    products = len(set(attention.pos_att_type) & {"c2p", "p2c"})
    own = 0 if attention.share_att_key else products * width * attention.query_proj.in_features
    shared = 2 * width * attention.query_proj.in_features if attention.share_att_key else own
    return Macs(linear=distances * shared, attention=products * count * distances * width), own


def _tiled_vision(model: Any, report: Report, inputs: Inputs) -> Stages:
    """Tower and projector of a LLaVA or LLaVA-NeXT: each tile goes through the tower alone."""
    inner, config = model.model, model.config
    embeddings = inner.vision_tower.embeddings
    patches = (config.vision_config.image_size // config.vision_config.patch_size) ** 2
    states = embeddings.position_embedding.num_embeddings  # with the cls token, where there is one
    tiles = _tiles(config, inputs)
    layers, width = inner.vision_tower.encoder.layers, config.vision_config.hidden_size
    one = Macs(
        convolution=patches * embeddings.patch_embedding.weight.numel(),
        linear=states * _linear(layers),
        attention=len(layers) * 2 * states * states * width,
    )
    pooling = getattr(inner.vision_tower, "head", None)  # SigLIP's, whose output a LLaVA does not use
    tower = total([one + (_pooling_head(pooling, states) if pooling is not None else Macs())] * tiles)
    whole = config.vision_feature_select_strategy == "full"
    projected = report.projected
    if projected is None:
        projected = tiles * (states if whole else states - 1)
    return {"tower": tower, "projector": Macs(linear=projected * _linear(inner.multi_modal_projector))}


def _tiles(config: Any, inputs: Inputs) -> int:
    if "image_sizes" not in inputs:
        return len(inputs["pixel_values"])
    from transformers.models.llava_next.modeling_llava_next import image_size_to_num_patches

    grid, side = config.image_grid_pinpoints, config.vision_config.image_size
    return sum(image_size_to_num_patches(size, grid, side) for size in inputs["image_sizes"])


def _pooling_head(head: Any, states: int) -> Macs:
    """SigLIP's attention pooling: one query to all states of a tile."""
    width = head.attention.embed_dim
    linear = (1 + 2 * states + 1) * width * width + _linear(head.mlp)
    return Macs(linear=linear, attention=2 * states * width)


def _qwen_vision(visual: Any, report: Report, inputs: Inputs) -> Stages:
    """Tower and projector of a Qwen2.5-VL: most blocks of the tower attend inside windows, few to the whole image."""
    grids = inputs["image_grid_thw"].tolist()
    merge, blocks = visual.spatial_merge_size, visual.blocks
    patches = sum(frames * height * width for frames, height, width in grids)
    whole = [height * width for frames, height, width in grids for _ in range(frames)]
    side = visual.window_size // merge // visual.patch_size
    windows = [count for frames, height, width in grids for count in _windows(frames, height, width, merge, side)]
    products = sum(
        _squares(whole if number in visual.fullatt_block_indexes else windows) for number in range(len(blocks))
    )
    tower = Macs(
        convolution=patches * visual.patch_embed.proj.weight.numel(),
        linear=patches * _linear(blocks),
        attention=2 * products * visual.config.hidden_size,
    )
    projected = patches // merge**2 if report.projected is None else report.projected
    return {"tower": tower, "projector": Macs(linear=projected * _linear(visual.merger))}


def _squares(counts: Iterable[int]) -> int:
    return sum(count * count for count in counts)


def _windows(frames: int, height: int, width: int, merge: int, side: int) -> list[int]:
    """Patches in each window of an image of ``height`` x ``width`` patches; those at its edges hold fewer.

    Args:
        merge: patches a side that become one token.
        side: tokens along a window.
    """

    def cut(tokens: int) -> list[int]:
        return [min(side, tokens - start) for start in range(0, tokens, side)]

    rows, columns = cut(height // merge), cut(width // merge)
    return [merge * merge * row * column for row in rows for column in columns] * frames


def language_model_macs(model: Any, tokens: list[int], attended: list[int]) -> Macs:
    """Closed form of a causal language model that reads one prompt and tells a word, from the tokens that each layer
    works on, and those that they attend to."""
    reader = ANATOMIES[type(model).__name__].reader(model)
    around = sum(_linear(part) for name in ("project_in", "project_out") if (part := getattr(reader, name, None)))
    linear = tokens[0] * around + model.get_output_embeddings().weight.numel()
    return decoder_macs(reader.layers, tokens, attended) + Macs(linear=linear)


def decoder_macs(layers: Any, tokens: list[int], attended: list[int] | None = None) -> Macs:
    """Closed form of decoder layers, one prompt, from the tokens in each layer, text and image.

    Args:
        layers: of the decoder.
        tokens: that each of them works on.
        attended: that these attend to, where more are in the cache.
    """
    linear = attention = 0
    for layer, count, keys in zip(layers, tokens, attended or tokens, strict=True):
        linear += count * _linear(layer)
        attention += 2 * count * keys * _attended_width(layer)
    return Macs(linear=linear, attention=attention)


def _attended_width(layer: Any) -> int:
    """Of all heads' queries together."""
    if hasattr(layer, "self_attn"):
        return layer.self_attn.q_proj.out_features
    return layer.attention.query_key_value.out_features // 3
