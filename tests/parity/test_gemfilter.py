"""GemFilter against the tokens that its own code selects, and as its rule by hand in a whole model."""

import numpy as np
import pytest
import torch
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

from prunarium import load

from ..families.decoder_models import generate, make, prompts
from .decoder_models import attention_of, drawn
from .vlm_models import cases

CASES = cases("gemfilter")


@pytest.mark.parametrize("name", CASES)
def test_selected_tokens(name):
    case = CASES[name]
    queries, keys = (drawn(case["inputs"][part]) for part in "qk")
    method = load("gemfilter", capacity=case["params"]["topk"])
    attention = attention_of(method, queries, keys, scaling=1.0)
    np.testing.assert_allclose(method.score(attention)[0], case["outputs"]["pooled_scores"], rtol=1e-6, atol=1e-7)
    selected = method.select(attention, torch.ones(1, keys.shape[2], dtype=torch.bool))
    assert selected[0].nonzero()[:, 0].tolist() == case["outputs"]["selected_sorted"]


@torch.inference_mode()
def test_the_model_reads_the_selected_tokens_and_no_others():
    model, ids = make("llama"), prompts(1)
    with load("gemfilter", capacity=9, layer=1).apply(model) as handle:
        words = generate(model, ids)
        assert handle.report().budget == pytest.approx(9 / 24)
        assert model(ids, use_cache=True).past_key_values.get_seq_length() == 9
    assert torch.equal(generate(model, ids[:, selected_by_hand(model, ids, 9)]), words)


def selected_by_hand(model, ids, count):
    """The tokens that the last one asks for most in layer 1."""
    layer, hidden = model.model.layers[1], model(ids, output_hidden_states=True).hidden_states[1]
    attn, normed = layer.self_attn, layer.input_layernorm(hidden)
    queries, keys = (
        part(normed).unflatten(-1, (-1, attn.head_dim)).transpose(1, 2) for part in (attn.q_proj, attn.k_proj)
    )
    cos, sin = model.model.rotary_emb(hidden, torch.arange(ids.shape[1]).unsqueeze(0))
    queries, keys = apply_rotary_pos_emb(queries, keys, cos, sin)
    score = (queries[0, :, -1:] * keys[0].repeat_interleave(2, dim=0)).sum(dim=(0, 2))
    padded = [0.0, 0.0, *score.tolist(), 0.0, 0.0]
    pooled = torch.tensor([sum(padded[place : place + 5]) for place in range(len(score))])
    return pooled.topk(count).indices.sort().values
