"""Laws of every method of the decoder family, on every kind of model that it fits."""

import pytest
import torch

from prunarium import PrunariumError, registry
from prunarium.families import adapter_for, budget_of, with_budget
from prunarium.families.base import Shape

from .decoder_models import KINDS, TOKENS, generate, make, padded, prompts
from .untrained import fresh

METHODS = sorted(name for name, card in registry.cards().items() if "decoder" in card.families)
SHORT = {
    "snapkv": {"window": 4},
    "pyramidkv": {"window": 4},
    "mixture-of-depths": {"every": 1, "keep_rate": 0.4},
    "dynamic-context-pruning": {"leniency": -1.9},
}
"""Parameters for prompts of a few tokens, and for models of a few layers."""


def applied(name, kind):
    """A method that fits the model; skips where it says it does not."""
    model = make(kind)
    method = fresh(name).model_copy(update=SHORT.get(name, {}))
    try:
        shape = adapter_for(method, model).shape
    except PrunariumError as reason:
        pytest.skip(str(reason))
    return method, model, shape


def turned(method, amount, shape):
    """The method at an amount; skips one that leaves nothing out of what is read."""
    try:
        return method.knob(amount, shape)
    except PrunariumError as reason:
        pytest.skip(str(reason))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", METHODS)
@torch.inference_mode()
def test_keeping_everything_is_the_untouched_model(name, kind):
    method, model, shape = applied(name, kind)
    ids = prompts(1)
    logits, words = model(ids).logits, generate(model, ids, 64)
    with turned(method, 1.0, shape).apply(model) as handle:
        assert (model(ids).logits - logits).abs().max() <= 1e-5
        assert handle.report().budget == 1
        assert torch.equal(generate(model, ids, 64), words)
    assert torch.equal(model(ids).logits, logits)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", METHODS)
@torch.inference_mode()
def test_a_padded_batch_is_as_single_runs(name, kind):
    method, model, _ = applied(name, kind)
    inputs, alone = padded(), []
    for number, ids in enumerate((inputs["input_ids"][:1], inputs["input_ids"][1:, 7:])):
        with method.apply(model) as handle:
            handle.samples = number
            alone.append(generate(model, ids, 12))
    with method.apply(model):
        together = generate(model, inputs, 12)
    assert torch.equal(together, torch.cat(alone))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", METHODS)
@torch.inference_mode()
def test_nothing_is_left_behind(name, kind):
    method, model, _ = applied(name, kind)
    ids = prompts()
    before = model(ids).logits
    with pytest.raises(RuntimeError, match="mine"), method.apply(model):
        generate(model, ids)
        raise RuntimeError("mine")
    assert torch.equal(model(ids).logits, before)
    assert not any({"forward", "generate"} & set(vars(module)) for module in model.modules())
    hooks = [hook for m in model.modules() for hook in (*m._forward_hooks.values(), *m._forward_pre_hooks.values())]
    assert not any("prunarium" in repr(hook) for hook in hooks)


@pytest.mark.parametrize("name", METHODS)
@torch.inference_mode()
def test_the_budget_without_a_model_is_that_of_a_run(name):
    method, model, shape = applied(name, "llama")
    if name == "identity":
        pytest.skip("it has no amount to keep")
    if method.adaptive:
        pytest.skip("only a run tells its budget")
    counted = Shape("decoder", shape.depth, 0, TOKENS, (), shape.dim)

    def by_running(candidate, _):
        with candidate.apply(model) as handle:
            model(prompts(), use_cache=True)
            return handle.report().budget

    known = budget_of if not method.adaptive else by_running  # where it depends on the data, only a run tells
    method = with_budget(turned(method, 0.5, counted), 0.5, counted, known)
    with method.apply(model) as handle:
        model(prompts(), use_cache=True)
        report = handle.report()
    assert report.tokens_in == [TOKENS] * shape.depth
    assert report.budget == pytest.approx(0.5, abs=0.01)
    assert report.budget == pytest.approx(known(method, counted))


@pytest.mark.parametrize("name", METHODS)
@torch.inference_mode()
def test_sampling_and_beams_run(name):
    method, model, _ = applied(name, "llama")
    inputs = padded()
    with method.apply(model):
        beams = generate(model, inputs, num_beams=3)
        torch.manual_seed(0)
        drawn = generate(model, inputs, do_sample=True, top_k=5)
        alone = generate(model, inputs["input_ids"][1:, 7:], num_beams=3)
    assert beams.shape == drawn.shape == (2, 8)
    if name not in ("random", "keyformer"):  # every beam is a sample of its own to what is drawn
        assert torch.equal(beams[1:], alone)
