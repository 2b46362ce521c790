"""Dynamic Context Pruning against its equations, written out for one text, and the laws of what it drops."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prunarium import PrunariumError, load
from prunarium.families import budget_of
from prunarium.families.base import Shape
from prunarium.ops import alpha_sigmoid
from tests.families.decoder_models import TOKENS, held, make, padded, prompts

from .test_selective_attention import turned

SHAPE = Shape("decoder", 3, 0, TOKENS, (), 32)


def pruning(**parameters):
    return load("dynamic-context-pruning", weights="random", **parameters)


def undecided(handle):
    """Make the parts drop some tokens and keep others."""
    with torch.no_grad():
        for part in handle.learned:
            part.queries.weight.mul_(14)
            part.bias.fill_(1.5)


def interactions(part, normed, step):
    """I of the paper ``[tokens, tokens]``, by loops."""
    logits = part.queries(normed) @ part.keys(normed).T * part.queries.out_features**-0.5 + part.bias
    kept, count = step(logits), len(normed)
    total = torch.zeros(count, count)
    for token in range(count):
        for earlier in range(token + 1):
            total[token, earlier] = torch.stack([kept.new_ones(()), *kept[earlier + 1 : token + 1, earlier]]).prod()
    return total


def by_hand(model, parts, ids, step):
    """Logits of a Llama whose attention is softmax(logits + log I), and I of every layer."""
    reader, found = model.model, []
    hidden = reader.embed_tokens(ids)
    rotary = reader.rotary_emb(hidden, torch.arange(ids.shape[1]).unsqueeze(0))
    for layer, part in zip(reader.layers, parts, strict=True):
        attention, normed = layer.self_attn, layer.input_layernorm(hidden)
        queries, keys, values = (
            project(normed).unflatten(-1, (-1, 8)).transpose(1, 2)
            for project in (attention.q_proj, attention.k_proj, attention.v_proj)
        )
        queries, keys = turned(queries, rotary), turned(keys, rotary)
        keys, values = (x.repeat_interleave(2, dim=1) for x in (keys, values))
        found.append(interactions(part, normed[0], step))
        logits = queries @ keys.transpose(-2, -1) * 8**-0.5 + found[-1].log()
        hidden = hidden + attention.o_proj((logits.softmax(dim=-1) @ values).transpose(1, 2).flatten(2))
        hidden = hidden + layer.mlp(layer.post_attention_layernorm(hidden))
    return model.lm_head(reader.norm(hidden)), found


@torch.inference_mode()
def test_a_prompt_and_words_as_the_equations():
    model, ids = make(), prompts(1)
    stock = copy.deepcopy(model)
    with pruning().apply(model) as handle:
        undecided(handle)
        expected, kept = by_hand(stock, handle.learned, ids, lambda logits: (logits > 0).float())
        torch.testing.assert_close(model(ids, use_cache=True).logits, expected, atol=1e-4, rtol=1e-4)
        cache = model(ids[:, :14], use_cache=True).past_key_values
        told = handle.report()
        assert held(cache) == [[matrix[13].nonzero()[:, 0].tolist()] * 2 for matrix in kept]
        at_once = copy.deepcopy(cache)
        for token in range(14, TOKENS):
            said = model(ids[:, [token]], past_key_values=cache).logits[:, -1]
            torch.testing.assert_close(said, expected[:, token], atol=1e-4, rtol=1e-4)
            assert held(cache) == [[matrix[token].nonzero()[:, 0].tolist()] * 2 for matrix in kept]
        said = model(ids[:, 14:], past_key_values=at_once).logits
    torch.testing.assert_close(said, expected[:, 14:], atol=1e-4, rtol=1e-4)
    shares = [matrix[13].mean() * TOKENS / 14 for matrix in kept]
    assert told.budget == pytest.approx(float(sum(shares) / 3))
    assert 0.1 < told.budget < 0.9


@pytest.mark.parametrize("alpha", [1.0, 1.5])
def test_training_is_soft_and_keeps_everything(alpha):
    model, ids = make().train(), prompts(1)
    try:
        method, stock = pruning(alpha=alpha), copy.deepcopy(model).requires_grad_(False)
        with method.apply(model) as handle:
            undecided(handle)
            expected, kept = by_hand(stock, handle.learned, ids, lambda logits: alpha_sigmoid(logits, alpha))
            output = model(ids[:, :20], use_cache=True)
            torch.testing.assert_close(output.logits, expected[:, :20], atol=1e-3, rtol=1e-3)
            shares = [matrix[:20, :20].sum() / (20 * 21 / 2) for matrix in kept]
            torch.testing.assert_close(
                torch.stack(handle.memory["attended"]), torch.stack(shares), atol=1e-4, rtol=1e-3
            )
            words = model(ids[:, 20:], past_key_values=output.past_key_values).logits
            torch.testing.assert_close(words, expected[:, 20:], atol=1e-3, rtol=1e-3)
            assert [layer.keys.shape[2] for layer in output.past_key_values.layers] == [TOKENS] * 3
            (words.logsumexp(-1).mean() + method.loss(handle.memory)).backward()
            for part in handle.learned:
                assert all(weight.grad.isfinite().all() for weight in part.parameters())
                assert part.bias.grad.abs() > 0
    finally:
        model.eval().zero_grad()


def test_the_regulariser_drops_tokens():
    model, ids = make().train(), prompts()
    try:
        method = pruning()
        with method.apply(model) as handle:
            optimiser, losses = torch.optim.Adam(handle.learned.parameters(), lr=0.1), []
            for _ in range(8):
                model(ids, use_cache=True)
                loss = method.loss(handle.memory)
                losses.append(loss.item())
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
        assert losses[-1] < 0.7 * losses[0]
    finally:
        model.eval().zero_grad()


@settings(max_examples=8, deadline=None)
@given(leniency=st.floats(-2.5, -1.5), more=st.floats(0, 1))
@torch.inference_mode()
def test_what_is_dropped_stays_away_and_leniency_keeps_more(leniency, more):
    model, inputs = make(), padded()
    budgets = []
    for amount in (leniency, leniency + more):
        with pruning(leniency=amount).apply(model) as handle:
            cache = model(**inputs, use_cache=True).past_key_values
            budgets.append(handle.report().blocks[0].cached)  # later layers see other states
            mask, before = inputs["attention_mask"], held(cache)
            for word in range(3):
                mask = torch.nn.functional.pad(mask, (0, 1), value=1)
                model(torch.tensor([[5 + word]] * 2), past_key_values=cache, attention_mask=mask)
                now = [
                    [[place for place, seen in zip(*pair, strict=True) if seen] for pair in zip(*layer, strict=True)]
                    for layer in zip(
                        held(cache), [layer.entries.visible[0].tolist() for layer in cache.layers], strict=True
                    )
                ]
                for old, new in zip(before, now, strict=True):
                    assert all(set(b) <= set(a) | {TOKENS + word} for a, b in zip(old, new, strict=True))
                before = now
    assert budgets[1] >= budgets[0]


def test_errors_say_what_to_do():
    with pytest.raises(PrunariumError, match="depends on the data"):
        budget_of(pruning(), SHAPE)
    with pruning().apply(make()), pytest.raises(PrunariumError, match="works on the cache"):
        make()(prompts(), use_cache=False)
