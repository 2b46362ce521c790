"""Deterministic weights and inputs for the parity tests.

Every tensor is drawn from its own ``numpy.random.default_rng([seed, index])``, scaled in float64 and cast to float32,
so that the numbers recorded from the papers' own code can be made again anywhere.
"""

import math
import zlib

import numpy as np
import torch

SCALE_OF_EMBEDDINGS = 0.5
TIMM_EMBEDDINGS = ("pos_embed", "cls_token", "dist_token", "reg_token")
WRAPPERS = ("model.", "vision_model.", "bert.", "roberta.", "transformer.")
HF_EMBEDDINGS = (
    "embed_tokens.weight",
    "class_embedding",
    "position_embedding.weight",
    "word_embeddings.weight",
    "position_embeddings.weight",
    "token_type_embeddings.weight",
)
HF_QUERY_KEY = ("q_proj.weight", "k_proj.weight", "query.weight", "key.weight")


def draw(seed: int, index: int, shape, kind: str = "feature", gain: float = 1.0) -> torch.Tensor:
    """One float32 tensor; ``kind`` says how it is scaled."""
    z = np.random.default_rng([seed, index]).standard_normal(tuple(shape))
    if kind == "weight":
        values = gain * z / math.sqrt(math.prod(shape[1:]))
    else:
        values = {"norm": 1 + 0.1 * z, "bias": 0.02 * z, "embed": SCALE_OF_EMBEDDINGS * z, "feature": gain * z}[kind]
    return torch.from_numpy(np.asarray(values, dtype=np.float32))


def attention(seed: int, shape, gain: float) -> torch.Tensor:
    """A softmaxed attention matrix."""
    return draw(seed, 0, shape, "feature", gain).double().softmax(-1).float()


def sizes(seed: int, index: int, shape) -> torch.Tensor:
    """Token sizes of 1 and more."""
    return 1 + (3 * draw(seed, index, shape).abs()).floor()


def _timm_kind(name: str, ndim: int) -> str | None:
    if name.rsplit(".", 1)[-1] in TIMM_EMBEDDINGS:
        return "embed"
    if name.endswith("weight"):
        return "norm" if ndim == 1 else "weight"
    return "bias" if name.endswith("bias") else None


def fill_timm(model: torch.nn.Module, seed: int, qkv_gain: float) -> torch.nn.Module:
    """Fill a timm model; the index of a tensor is its place among the sorted names."""
    state = model.state_dict()
    for index, name in enumerate(sorted(state)):
        kind = _timm_kind(name, state[name].ndim)
        if kind and state[name].is_floating_point():
            gain = qkv_gain if ".qkv." in name and kind == "weight" else 1.0
            state[name].copy_(draw(seed, index, state[name].shape, kind, gain))
    return model.eval()


def _hf_kind(name: str, ndim: int) -> str:
    if name.endswith(HF_EMBEDDINGS):
        return "embed"
    if name.endswith("bias"):
        return "bias"
    return "norm" if ndim == 1 else "weight"


def fill_hf(model: torch.nn.Module, seed: int, qk_gain: float) -> torch.nn.Module:
    """Fill a transformers model; the index of a tensor is the CRC of its name without wrapper prefixes."""
    state = model.state_dict()
    for name in sorted(state):
        if not state[name].is_floating_point() or name.endswith("inv_freq"):
            continue
        kind = _hf_kind(name, state[name].ndim)
        bare = name
        while bare.startswith(WRAPPERS):
            bare = bare.split(".", 1)[1]
        gain = qk_gain if name.endswith(HF_QUERY_KEY) else 1.0
        state[name].copy_(draw(seed, zlib.crc32(bare.encode()), state[name].shape, kind, gain))
    return model.eval()
