"""Mixture-of-Depths: routed layers work on the tokens that are chosen, and on no others, in a prompt and behind it."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prunarium import PrunariumError, load
from prunarium.families import budget_of, with_budget
from prunarium.families.base import Shape
from tests.families.decoder_models import KINDS, TOKENS, generate, held, make, padded, prompts

SHAPE = Shape("decoder", 3, 0, TOKENS, (), 32)


def routed(**parameters):
    return load("mixture-of-depths", weights="random", **parameters)


def router(handle, layer=1):
    return handle.learned.get_submodule(str(layer))


@torch.inference_mode()
def by_hand(model, ids, chosen, weigh):
    """Logits of a Llama whose second layer runs on some tokens alone."""
    reader = model.model
    hidden, places = reader.embed_tokens(ids), torch.arange(ids.shape[1])
    for number, layer in enumerate(reader.layers):
        index = chosen(hidden).nonzero()[:, 0] if number == 1 else places
        entered = hidden[:, index]
        turns = reader.rotary_emb(entered, index.unsqueeze(0))
        output = layer(entered, position_embeddings=turns, attention_mask=None)
        if number == 1:
            output = entered + weigh(entered) * (output - entered)
        hidden = hidden.index_copy(1, index, output)
    return model.lm_head(reader.norm(hidden))


@torch.inference_mode()
def test_a_prompt_as_by_hand():
    model, ids = make(), prompts(1)
    plain = copy.deepcopy(model)
    with routed(keep_rate=0.3).apply(model) as handle:
        router(handle).weight.mul_(20)  # far from indifferent
        found, report = model(ids, use_cache=True), handle.report()

        def chosen(hidden):
            best = router(handle)(hidden)[0, :, 0].topk(7).indices
            return torch.zeros(TOKENS).index_fill(0, best, 1)

        expected = by_hand(plain, ids, chosen, lambda hidden: 2 * router(handle)(hidden).sigmoid())
    torch.testing.assert_close(found.logits, expected, atol=1e-5, rtol=1e-4)
    assert [layer.keys.shape[2] for layer in found.past_key_values.layers] == [TOKENS, 7, TOKENS]
    assert report.tokens_out == [TOKENS, 7, TOKENS]
    assert report.budget == pytest.approx((2 + 7 / TOKENS) / 3) == budget_of(routed(keep_rate=0.3), SHAPE)


@pytest.mark.parametrize("at_once", [True, False])
@torch.inference_mode()
def test_words_as_by_hand(at_once):
    """Words are chosen by the router's sign; the layer holds those and the chosen ones of the prompt."""
    model, ids = make(), prompts(1)
    plain = copy.deepcopy(model)
    with routed(keep_rate=0.3).apply(model) as handle:
        router(handle).weight.mul_(20)
        cache = model(ids[:, :14], use_cache=True).past_key_values
        of_prompt = held(cache)[1][0]
        if at_once:
            found = model(ids[:, 14:], past_key_values=cache).logits
        else:
            found = [model(ids[:, [n]], past_key_values=cache).logits for n in range(14, TOKENS)]
            found = torch.cat(found, dim=1)
        words = []

        def chosen(hidden):
            signs = router(handle)(hidden)[0, :, 0] > 0
            words.extend(n for n in range(14, TOKENS) if signs[n])
            return torch.zeros(TOKENS).index_fill(0, torch.tensor(of_prompt + words), 1)

        expected = by_hand(plain, ids, chosen, lambda hidden: 2 * router(handle)(hidden).sigmoid())
    torch.testing.assert_close(found, expected[:, 14:], atol=1e-5, rtol=1e-4)
    assert 0 < len(words) < 10
    assert held(cache)[1] == [of_prompt + words] * 2
    assert held(cache)[2] == [list(range(TOKENS))] * 2


@pytest.mark.parametrize("kind", KINDS)
@torch.inference_mode()
def test_a_padded_batch_with_every_second_layer_is_as_single_runs(kind):
    model, inputs = make(kind), padded()
    with routed(keep_rate=0.3).apply(model):
        together = generate(model, inputs, 12)
        alone = [generate(model, ids, 12) for ids in (inputs["input_ids"][:1], inputs["input_ids"][1:, 7:])]
    assert torch.equal(together, torch.cat(alone))


@settings(max_examples=10, deadline=None)
@given(rate=st.floats(0.01, 0.99), every=st.integers(1, 3))
@torch.inference_mode()
def test_layers_hold_their_share(rate, every):
    model, share = make(), max(int(TOKENS * rate), 1)
    with routed(keep_rate=rate, every=every).apply(model):
        layers = held(model(prompts(), use_cache=True).past_key_values)
    due = [share if layer % every == every - 1 else TOKENS for layer in range(3)]
    assert [len(heads[0]) for heads in layers] == due
    assert all(head == sorted(head) for heads in layers for head in heads)


def test_training_reaches_routers_and_model():
    model, ids = make().train(), prompts()
    try:
        method = routed(keep_rate=0.5)
        with method.apply(model) as handle:
            losses = []
            optimiser = torch.optim.Adam(handle.learned.parameters(), lr=0.05)
            for _ in range(8):
                logits = model(ids, use_cache=True).logits
                fitted = method.fit(SHAPE)
                fitted._learned = handle.learned
                own = fitted.loss(handle.memory)
                losses.append(own.item())
                optimiser.zero_grad()
                (logits.sum() * 1e-6 + own).backward()
                assert router(handle).weight.grad.abs().sum() > 0
                assert model.model.layers[1].mlp.up_proj.weight.grad.abs().sum() > 0
                optimiser.step()
            assert losses[-1] < losses[0]
    finally:
        model.eval().zero_grad()


def test_errors_say_what_to_do():
    with pytest.raises(PrunariumError, match=r"cannot reach budget 0.2; the nearest it comes is 0\.6"):
        with_budget(routed(), 0.2, SHAPE)
    with routed().apply(make()), pytest.raises(PrunariumError, match="works on the cache"):
        make()(prompts(), use_cache=False)
