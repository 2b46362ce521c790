"""Laws of every method of the vlm family, on every kind of model that it fits."""

import functools

import pytest
import torch

from prunarium import PrunariumError, registry
from prunarium.families import adapter_for

from .untrained import fresh
from .vlm_models import MODELS, generate, one_of, prompt_for, step_by_step

METHODS = sorted(name for name, card in registry.cards().items() if "vlm" in card.families)


@functools.cache
def model_and_prompt(kind):
    model = MODELS[kind]()
    return model, prompt_for(model)


def applied(name, kind, amount=None):
    """A method that fits the model, turned to keep an amount of what it can; skips where it says it does not."""
    model, prompt = model_and_prompt(kind)
    method = fresh(name)
    try:
        shape = adapter_for(method, model).shape
    except PrunariumError as reason:
        pytest.skip(str(reason))
    return (method if amount is None else method.knob(amount, shape)), model, prompt


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("name", METHODS)
@torch.inference_mode()
def test_keeping_everything_is_the_untouched_model(name, kind):
    if name == "identity":
        pytest.skip("it has no amount to keep")
    method, model, prompt = applied(name, kind, 1.0)
    logits, words = model(**prompt).logits, generate(model, prompt, 32)
    with method.apply(model):
        assert (model(**prompt).logits - logits).abs().max() <= 1e-5
        assert torch.equal(generate(model, prompt, 32), words)
    assert torch.equal(model(**prompt).logits, logits)


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("name", METHODS)
@torch.inference_mode()
def test_a_sample_alone_is_as_in_a_batch(name, kind):
    method, model, prompt = applied(name, kind)
    alone = []
    for number in range(2):
        with method.apply(model) as handle:
            handle.samples = number
            try:
                alone.append((generate(model, one_of(prompt, number)), handle.report().tokens_out))
            except PrunariumError as reason:
                pytest.skip(str(reason))
    with method.apply(model) as handle:
        if alone[0][1] != alone[1][1]:
            with pytest.raises(PrunariumError, match="run them one at a time"):
                model(**prompt)
            return
        together = generate(model, prompt)
        report = handle.report()
    assert torch.equal(together, torch.cat([words for words, _ in alone]))
    assert report.tokens_out == alone[0][1]
    assert report.budget <= 1


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("name", METHODS)
@torch.inference_mode()
def test_what_acts_before_the_language_model_generates_the_same_without_a_cache(name, kind):
    """Methods that look at the last word of the prompt, or evict from the cache, are not defined so."""
    method, model, prompt = applied(name, kind)
    adapter = adapter_for(method, model)
    if method.acts_at(adapter.shape) or getattr(method, "evicts", False):
        pytest.skip("it acts inside the language model")
    prompt = one_of(prompt, 0)
    with method.apply(model):
        assert torch.equal(generate(model, prompt), step_by_step(model, prompt))


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("name", METHODS)
@torch.inference_mode()
def test_nothing_is_left_behind(name, kind):
    method, model, prompt = applied(name, kind)
    prompt = one_of(prompt, 0)
    before = model(**prompt).logits
    with pytest.raises(RuntimeError, match="mine"), method.apply(model):
        model(**prompt)
        raise RuntimeError("mine")
    assert torch.equal(model(**prompt).logits, before)
    assert not any({"forward", "get_image_features", "generate"} & set(vars(module)) for module in model.modules())
    hooks = [hook for m in model.modules() for hook in (*m._forward_hooks.values(), *m._forward_pre_hooks.values())]
    assert not any("prunarium" in repr(hook) for hook in hooks)


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("name", METHODS)
@torch.inference_mode()
def test_every_image_token_is_accounted_for(name, kind):
    method, model, prompt = applied(name, kind)
    prompt = one_of(prompt, 0)
    with method.apply(model) as handle:
        model(**prompt)
        report, home = handle.report(), handle.source()
    assert home.shape == (1, report.tokens_in[0])
    assert set(home.unique().tolist()) <= {-1, *range(report.tokens_out[-1])}
