"""Laws of methods that put soft tokens in the place of a prompt: what is held, where it is, what cannot be."""

import copy
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prunarium import PrunariumError, load
from prunarium.families import budget_of, shape_of
from prunarium.families.base import Shape

from .decoder_models import TOKENS, generate, held, make, padded, prompts

METHODS = {"gist": {}, "icae": {}, "autocompressors": {"segment": 6}}


def soft(name, **parameters):
    return load(name, weights="random", **{**METHODS[name], **parameters})


def entries_after(method, ids, model=None):
    """What each key head of each layer holds of one prompt, and after two words more."""
    model = model or make()
    with method.apply(model) as handle:
        cache = model(ids, use_cache=True).past_key_values
        first, report = held(cache), handle.report()
        for word in (5, 6):
            model(torch.tensor([[word]]), past_key_values=cache)
    return first, held(cache), report


@pytest.mark.parametrize("name", METHODS)
@settings(max_examples=8, deadline=None)
@given(rate=st.floats(0.35, 0.99), tokens=st.integers(16, 40), question=st.integers(1, 4), vectors=st.integers(1, 9))
@torch.inference_mode()
def test_the_cache_holds_soft_tokens_and_the_question(name, rate, tokens, question, vectors):
    method = soft(name, keep_rate=rate, question=question, vectors=vectors)
    segments = -(-(tokens - question) // 6) if name == "autocompressors" else 1
    due = min(max(int(tokens * rate) - question, segments), vectors * segments) + question
    before, after, report = entries_after(method, prompts(1, tokens))
    assert {len(head) for layer in before for head in layer} == {due}
    assert {len(head) for layer in after for head in layer} == {due + 2}
    assert report.budget == pytest.approx(due / tokens)
    assert report.budget == pytest.approx(budget_of(method, Shape("decoder", 3, 0, tokens, (), 32)))


@pytest.mark.parametrize("name", METHODS)
@torch.inference_mode()
def test_room_for_everything_leaves_the_prompt_as_it_is(name):
    model, ids = make(), prompts(1)
    words = generate(model, ids, 16)
    with soft(name, capacity=TOKENS).apply(model) as handle:
        assert torch.equal(generate(model, ids, 16), words)
        assert handle.report().budget == 1


@pytest.mark.parametrize("kind", ["llama", "opt"])
@pytest.mark.parametrize("name", METHODS)
@torch.inference_mode()
def test_samples_of_three_lengths_are_as_alone(name, kind):
    """Of which one has room for everything."""
    model, ids = make(kind), prompts(3)
    mask = torch.ones_like(ids)
    mask[1, :5], mask[2, :14] = 0, 0
    with soft(name, capacity=10, question=3).apply(model):
        together = generate(model, {"input_ids": ids * mask, "attention_mask": mask}, 12)
        alone = [generate(model, ids[[row], start:], 12) for row, start in enumerate((0, 5, 14))]
    assert torch.equal(together, torch.cat(alone))


@pytest.mark.parametrize("name", METHODS)
@torch.inference_mode()
def test_more_words_at_once_as_word_by_word(name):
    model, more = make(), torch.tensor([[5, 6, 7]])
    with soft(name).apply(model):
        at_once = model(prompts(1), use_cache=True).past_key_values
        logits = model(more, past_key_values=at_once).logits[:, -1]
        by_word = model(prompts(1), use_cache=True).past_key_values
        for word in more[0]:
            step = model(word.view(1, 1), past_key_values=by_word).logits[:, -1]
    assert (logits - step).abs().max() <= 1e-5


@pytest.mark.parametrize("name", METHODS)
@torch.inference_mode()
def test_embeddings_in_place_of_tokens(name):
    model, inputs = make(), padded()
    embeddings = model.get_input_embeddings()(inputs["input_ids"])
    with soft(name).apply(model):
        words = generate(model, inputs)
        said = model.generate(
            inputs_embeds=embeddings, attention_mask=inputs["attention_mask"], max_new_tokens=8, do_sample=False
        )
    assert torch.equal(said, words)


@pytest.mark.parametrize("name", METHODS)
def test_gradients_reach_all_that_is_learned(name):
    model = make().train()
    method = soft(name, question=1, vectors=4, capacity=5)
    try:
        with method.apply(model) as handle:
            cache = model(prompts(), use_cache=True).past_key_values
            cache.batch_repeat_interleave(2)
            logits = model(torch.tensor([[5, 6], [7, 8]] * 2), past_key_values=cache).logits
            logits.square().mean().backward()
            found = {key: value.grad for key, value in handle.learned.named_parameters()}
    finally:
        model.eval().zero_grad()
    assert all(grad.abs().sum() > 0 for key, grad in found.items() if not key.endswith("down"))
    # nothing goes through an adapter before its second matrix is more than zeros
    assert all(not grad.any() for key, grad in found.items() if key.endswith("down"))


@pytest.mark.parametrize("name", METHODS)
def test_what_is_learned_of_a_prompt_goes_through_two_soft_tokens(name):
    """Who cannot tell eight prompts apart, all with the same last token, answers with a loss of log 8 at best."""
    model = copy.deepcopy(make()).train()
    method = soft(name, question=1, capacity=3, **({"segment": 12} if "segment" in METHODS[name] else {}))
    method = method.fit(shape_of(method, model))
    ids, words = prompts(8), torch.arange(3, 11)
    ids[:, -1] = 3
    optimiser = torch.optim.Adam([*method.learned.parameters(), *model.parameters()], lr=3e-3)
    for _ in range(60):
        with method.apply(model):
            loss = torch.nn.functional.cross_entropy(model(ids).logits[:, -1], words)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss < 0.5 < math.log(8)


@pytest.mark.parametrize(
    ("parameters", "problem", "says"),
    [
        ({"capacity": 5}, lambda model: model(prompts()), "may keep 5 of 24 tokens, fewer than the 6 that always stay"),
        ({"question": 24}, lambda model: model(prompts()), "a prompt has 24: nothing is left to compress"),
        ({"question": 17}, lambda model: model(**padded()), "a prompt has 17: nothing is left to compress"),
        ({}, lambda model: model(prompts(), labels=prompts()), "labels have no place while tokens are dropped"),
        ({}, lambda model: model(prompts(), use_cache=False), "works on the cache; do not pass use_cache=False"),
    ],
)
@pytest.mark.parametrize("name", METHODS)
@torch.inference_mode()
def test_what_cannot_be_says_so(name, parameters, problem, says):
    model = make()
    with soft(name, **parameters).apply(model), pytest.raises(PrunariumError, match=says):
        problem(model)


@torch.inference_mode()
def test_tokens_of_another_width_than_the_layers_say_so():
    model = make("opt", word_embed_proj_dim=16)
    with soft("gist").apply(model), pytest.raises(PrunariumError, match="tokens of width 16 and layers of width 32"):
        model(prompts())
