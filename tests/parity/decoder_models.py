"""What the parity tests of the decoder family share: the recorded models, tokens and inputs."""

import functools
import re

import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from prunarium.families import Attention
from prunarium.families.caching.rows import Rows, offers
from prunarium.ops import Entries

from . import recipe


def llama_of(case) -> LlamaForCausalLM:
    """The recorded tiny Llama."""
    sizes = dict(re.findall(r"(layers|heads|kv_heads)=(\w+)", case["inputs"]["model"]))
    return _llama(
        int(sizes["layers"]),
        int(sizes["heads"]),
        int(sizes["heads"] if sizes["kv_heads"] == "None" else sizes["kv_heads"]),
        int(re.search(r"model, (\d+)", case["inputs"]["fill"])[1]),
    )


@functools.cache
def _llama(layers, heads, key_heads, seed):
    config = LlamaConfig(
        num_hidden_layers=layers,
        hidden_size=64,
        num_attention_heads=heads,
        num_key_value_heads=key_heads,
        intermediate_size=128,
        vocab_size=97,
        max_position_embeddings=2048,
        rms_norm_eps=1e-6,
        tie_word_embeddings=False,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
    )
    return recipe.fill_hf(LlamaForCausalLM(config), seed, 2.0).eval()


def tokens_of(case) -> torch.Tensor:
    """The recorded tokens ``[1, tokens]``."""
    text = case["inputs"]["tokens"]
    draw = np.random.default_rng([int(number) for number in re.search(r"\[(\d+), (\d+)\]", text).groups()])
    if "permutation" in text:
        tokens = draw.permutation(94)[: int(re.search(r"\[:(\d+)\]", text)[1])] + 3
    else:
        tokens = draw.integers(3, 97, int(re.search(r"97, (\d+)\)", text)[1]))
    return torch.from_numpy(tokens).long().unsqueeze(0)


def drawn(text: str, **numbers: int) -> torch.Tensor:
    """A recorded input such as ``recipe.draw(201, 0, (1, 4, 60, 16), 'feature', 1.5).double()``."""
    seed, index, shape, gain = re.search(
        r"draw\((\d+), ([\w+]+), \(([\d, ]+)\), 'feature'(?:, ([\d.]+))?\)", text
    ).groups()
    index = eval(index, {}, numbers)  # a number, or such as 100+t
    sizes = tuple(int(size) for size in shape.split(","))
    found = recipe.draw(int(seed), index, sizes, "feature", float(gain or 1))
    return found.double() if ".double()" in text else found


def states_of(case) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Recorded queries, keys and values, after their rotary embedding."""
    queries, keys, values = (drawn(case["inputs"][name]) for name in "qkv")
    return queries, keys, values


def whole(keys, values) -> Entries:
    """All entries of a prompt."""
    return Entries(keys, values, torch.arange(keys.shape[2]).expand(keys.shape[:3]))


def attention_of(method, queries, keys, scaling=None) -> Attention:
    """What a layer with these queries and keys has to offer."""
    rows = Rows(queries, keys, None, queries.shape[-1] ** -0.5 if scaling is None else scaling)
    return Attention(method.needs, offers(lambda: rows, method.observed))


def check_logits(logits, expected) -> None:
    """The last token's, against the recorded first twelve and their norm."""
    np.testing.assert_allclose(logits[0, -1, :12], expected["logits_first12"], atol=2e-5)
    if "logits_norm" in expected:
        np.testing.assert_allclose(logits[0, -1].norm(), expected["logits_norm"], atol=2e-4)
