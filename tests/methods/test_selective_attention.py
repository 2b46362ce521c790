"""Selective Attention against its equations, written out for one text, and the laws of what it evicts."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prunarium import PrunariumError, load
from tests.families.decoder_models import TOKENS, generate, held, make, padded, prompts

NAME = "selective-attention"


def turned(x, rotary):
    cos, sin = (part.unsqueeze(1) for part in rotary)
    one, other = x.chunk(2, dim=-1)
    return x * cos + torch.cat([-other, one], dim=-1) * sin


def masked_so_far(logits):
    """F of the paper: what the tokens before each one have masked ``[tokens, tokens]``, by loops."""
    count = len(logits)
    total = torch.zeros(count, count)
    for token in range(count):
        for earlier in range(1, count):
            total[token, earlier] = sum(logits[k, earlier].clamp(min=0) for k in range(earlier + 1, token))
    return total


def by_hand(model, ids):
    """Logits of a Llama that reads one text with selective attention."""
    reader = model.model
    hidden, seen = reader.embed_tokens(ids), torch.ones(ids.shape[1], ids.shape[1]).tril().bool()
    rotary = reader.rotary_emb(hidden, torch.arange(ids.shape[1]).unsqueeze(0))
    for layer in reader.layers:
        attention, normed = layer.self_attn, layer.input_layernorm(hidden)
        queries, keys, values = (
            project(normed).unflatten(-1, (-1, 8)).transpose(1, 2)
            for project in (attention.q_proj, attention.k_proj, attention.v_proj)
        )
        queries, keys = turned(queries, rotary), turned(keys, rotary)
        keys, values = (part.repeat_interleave(2, dim=1) for part in (keys, values))
        logits = queries @ keys.transpose(-2, -1) * 8**-0.5
        logits = (logits - masked_so_far(logits[0, 0])).masked_fill(~seen, -torch.inf)
        hidden = hidden + attention.o_proj((logits.softmax(dim=-1) @ values).transpose(1, 2).flatten(2))
        hidden = hidden + layer.mlp(layer.post_attention_layernorm(hidden))
    return model.lm_head(reader.norm(hidden))


@torch.inference_mode()
def test_as_the_equations_and_word_by_word():
    model, ids = make(), prompts(1)
    expected = by_hand(model, ids)
    assert (expected - model(ids).logits).abs().max() > 0.1, "it should make a difference"
    with load(NAME, capacity=10 * TOKENS).apply(model) as handle:
        torch.testing.assert_close(model(ids).logits, expected, atol=1e-4, rtol=1e-4)
        assert handle.report().budget == 1
        cache = model(ids[:, :9], use_cache=True).past_key_values
        for token in range(9, 13):
            said = model(ids[:, token : token + 1], past_key_values=cache).logits[:, -1]
            torch.testing.assert_close(said, expected[:, token], atol=1e-4, rtol=1e-4)
        said = model(ids[:, 13:20], past_key_values=cache).logits
    torch.testing.assert_close(said, expected[:, 13:20], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
@torch.inference_mode()
def test_both_kernels_agree_with_padding(attention):
    model, inputs = make(attn_implementation=attention), padded()
    with load(NAME).apply(model):
        found = model(**inputs).logits[1, 7:]
        alone = model(inputs["input_ids"][1:, 7:]).logits[0]
    torch.testing.assert_close(found, alone, atol=1e-4, rtol=1e-4)


@settings(max_examples=10, deadline=None)
@given(rate=st.floats(0.15, 0.99), tokens=st.integers(16, 40))
@torch.inference_mode()
def test_the_first_token_stays_and_the_cache_never_grows(rate, tokens):
    model, due = make(), int(tokens * rate)
    with load(NAME, keep_rate=rate).apply(model):
        cache = model(prompts(1, tokens), use_cache=True).past_key_values
        gone = [set() for _ in cache.layers]
        for word in range(4):
            model(torch.tensor([[5 + word]]), past_key_values=cache)
            for layer, heads in enumerate(held(cache)):
                assert all(head == heads[0] == sorted(head) and len(head) == due for head in heads)
                assert {0, tokens + word} <= set(heads[0])
                assert not gone[layer] & set(heads[0]), "an evicted entry came back"
                gone[layer] |= set(range(tokens)) - set(heads[0])


@torch.inference_mode()
def test_what_was_masked_most_goes():
    model, ids = make(), prompts(1)
    with load(NAME, capacity=10 * TOKENS).apply(model):
        weights = [layer.weight[0, 0] for layer in model(ids, use_cache=True).past_key_values.layers]
    with load(NAME, capacity=10, shares=(1.0, 2.0, 1.0)).apply(model):
        left = held(model(ids, use_cache=True).past_key_values)
    assert [len(heads[0]) for heads in left] == [8, 15, 8]
    for weight, heads in zip(weights, left, strict=True):
        evicted = [place for place in range(TOKENS) if place not in heads[0]]
        assert weight[evicted].min() >= weight[heads[0]].max()


def test_gradients_pass_through_what_was_masked():
    model, ids = make(), prompts(1)
    model.zero_grad()
    with load(NAME, keep_rate=0.5).apply(model):
        cache = model(ids, use_cache=True).past_key_values
        model(torch.tensor([[5, 6]]), past_key_values=cache).logits.sum().backward()
    assert all(layer.self_attn.q_proj.weight.grad.abs().sum() > 0 for layer in model.model.layers[:-1])
    model.zero_grad()


def test_errors_say_what_to_do():
    with pytest.raises(PrunariumError, match="shares for 2 layers, and the model has 3; give one for each"):
        load(NAME, shares=(1.0, 2.0)).apply(make())
    with load(NAME, capacity=1).apply(make()), pytest.raises(PrunariumError, match="fewer than the 2 that always stay"):
        generate(make(), prompts(1))
