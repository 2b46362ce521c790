"""Laws of every method of the encoder family, on every kind of model that it fits."""

import functools
from contextlib import contextmanager
from dataclasses import replace

import pytest
import torch

from prunarium import PrunariumError, registry
from prunarium.families import shape_of, with_budget

from .encoder_models import KINDS, alone, answers, make, real, texts
from .untrained import fresh

METHODS = sorted(name for name, card in registry.cards().items() if "encoder" in card.families)
CHANGES_NOTHING = ("identity", "token-dropping")
"""Methods that keep every token, at least outside training."""
model_of = functools.cache(make)


@functools.cache
def precise(kind):
    """In double precision, where no decision hangs on rounding."""
    return make(kind).double()


def fitting(name, model, amount):
    """The method turned to keep an amount; skips where it says that it does not fit."""
    try:
        return fresh(name).knob(amount, shape_of(fresh(name), model))
    except PrunariumError as reason:
        pytest.skip(str(reason))


@contextmanager
def applied(method, model):
    """The method in the model, its learned parts stirred, so that they decide by what they see."""
    with method.apply(model) as handle:
        draw = torch.Generator().manual_seed(7)
        for parameter in handle.learned.parameters() if handle.learned is not None else ():
            noise = torch.randn(parameter.shape, generator=draw)
            parameter.data += noise * (0.5 if parameter.ndim > 1 else 0.01)
        yield handle


def reducing(name, model):
    """The method, turned until about half of the tokens are left."""
    for amount in (0.6, 0.45, 0.3, 0.2, 0.1, 0.03, 0.01):
        method = fitting(name, model, amount)
        with torch.inference_mode(), applied(method, model) as handle:
            model(**texts(model))
            if name in CHANGES_NOTHING or handle.report().budget < 0.8:
                return method
    raise AssertionError(f"{name} does not reduce")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", METHODS)
@torch.inference_mode()
def test_keeping_everything_equals_the_untouched_model(name, kind):
    model = model_of(kind)
    batch, method = texts(model), fitting(name, model, 1.0)
    before = answers(model(**batch))
    with method.apply(model) as handle:
        after, report = answers(model(**batch)), handle.report()
    assert abs(report.budget - 1) <= 1e-9
    assert (real(after, batch) - real(before, batch)).abs().max() <= 1e-5
    assert torch.equal(answers(model(**batch)), before)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", METHODS)
@torch.inference_mode()
def test_a_text_alone_is_as_in_a_padded_batch(name, kind):
    model = precise(kind)
    batch, method = texts(model), reducing(name, model)
    with applied(method, model) as handle:
        together, counts = answers(model(**batch)), handle.report().per_sample(3)
    for number, length in enumerate(batch["attention_mask"].sum(dim=1)):
        with applied(method, model) as handle:
            handle.samples = number
            single, count = answers(model(**alone(batch, number)))[0], handle.report().per_sample(1)[0]
        mine = together[number] if single.ndim == 1 else together[number, :length]
        assert (mine - single).abs().max() <= 1e-9
        assert torch.equal(counts[number], count)


@pytest.mark.parametrize("name", METHODS)
@torch.inference_mode()
def test_padding_on_the_left_is_as_on_the_right(name):
    model = precise("RobertaForTokenClassification")
    right, left, method = texts(model), texts(model, left=True), reducing(name, model)
    with applied(method, model):
        one = real(answers(model(**right)), right)
    with applied(method, model):
        other = real(answers(model(**left)), left)
    assert (one - other).abs().max() <= 1e-9


@pytest.mark.parametrize("kind", ["BertForTokenClassification", "DistilBertForQuestionAnswering", "DistilBertModel"])
@pytest.mark.parametrize("name", METHODS)
@torch.inference_mode()
def test_token_level_outputs_keep_their_length(name, kind):
    model = precise(kind)
    batch, method = texts(model), reducing(name, model)
    with applied(method, model) as handle:
        after, report, home = answers(model(**batch)), handle.report(), handle.source()
    assert after.shape[:2] == batch["input_ids"].shape
    assert after.isfinite().all()
    assert report.budget <= 1
    assert (home[:, 0] == 0).all()


@pytest.mark.parametrize("name", METHODS)
@torch.inference_mode()
def test_nothing_is_left_behind(name):
    model = precise("BertForSequenceClassification")
    batch, method = texts(model), reducing(name, model)
    before = answers(model(**batch))
    with pytest.raises(RuntimeError, match="mine"), applied(method, model):
        model(**batch)
        raise RuntimeError("mine")
    assert torch.equal(answers(model(**batch)), before)
    assert not any("forward" in vars(module) for module in model.modules())
    assert not any(module._forward_pre_hooks or module._forward_hooks for module in model.modules())


@pytest.mark.parametrize("name", METHODS)
@torch.inference_mode()
def test_in_half_precision(name):
    model = make("BertForTokenClassification")
    method = reducing(name, model)
    with applied(method, model.bfloat16()) as handle:
        said = answers(model(**texts(model)))
        assert handle.report().budget <= 1
    assert said.dtype == torch.bfloat16
    assert said.isfinite().all()


@pytest.mark.parametrize("name", METHODS)
@torch.inference_mode()
def test_a_budget_is_reached(name):
    model = model_of("BertModel")
    method = fresh(name)
    if method.adaptive or name in CHANGES_NOTHING:
        pytest.skip("its budget is found by running it (bench), or is always 1 outside training")
    turned = with_budget(method, 0.6, replace(shape_of(method, model), tokens=48))
    with turned.apply(model) as handle:
        model(**texts(model, (48, 48)))
    assert abs(handle.report().budget - 0.6) <= 0.01


@pytest.mark.parametrize("kind", ["BertForSequenceClassification", "DistilBertForQuestionAnswering", "BertForMaskedLM"])
@pytest.mark.parametrize("name", METHODS)
@torch.inference_mode()
def test_multiply_accumulates_follow_the_closed_form(name, kind):
    from prunarium.bench.closed_forms import encoder_macs
    from prunarium.bench.counters import audit, count_macs

    model = precise(kind)
    batch = texts(model, (16,))
    with applied(reducing(name, model), model) as handle:
        counted = count_macs(model, lambda model, inputs: model(**inputs), batch, handle)
        audit(counted, encoder_macs(model, handle.report()))


@pytest.mark.parametrize("name", METHODS)
def test_one_optimiser_step_lowers_the_loss_or_training_is_refused(name):
    kind = "BertForSequenceClassification"
    model = make(kind, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0).double()
    batch, labels = texts(model), torch.tensor([0, 1, 2])
    method = reducing(name, model)
    model.train()
    with applied(method, model) as handle:
        if not method.trains:
            with pytest.raises(PrunariumError, match="has no rule for training"):
                model(**batch)
            return
        parameters = [*model.parameters(), *(handle.learned.parameters() if handle.learned is not None else [])]
        optimiser = torch.optim.SGD(parameters, lr=1e-5)  # small: which tokens are kept must not flip
        losses = []
        for _ in range(2):
            torch.manual_seed(0)  # methods that draw lots draw the same
            handle.samples = 0
            loss = model(**batch, labels=labels).loss
            own = handle.method.loss(handle.memory)
            loss = loss if own is None else loss + own
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
    assert losses[1] < losses[0]
    assert all(parameter.grad is not None for parameter in model.parameters())
