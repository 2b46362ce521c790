"""The laws that every vit method of the registry keeps, whoever wrote it."""

import pytest
import torch

from prunarium import registry
from prunarium.families import shape_of, with_budget

from .conftest import answer_of, make_hugging_face, make_timm
from .untrained import fresh

METHODS = sorted(name for name, card in registry.cards().items() if "vit" in card.families)
MODELS = {"timm": make_timm, "transformers": lambda: make_hugging_face("ViTForImageClassification")}


def images(count=8):
    return torch.randn(count, 3, 64, 64, generator=torch.Generator().manual_seed(5))


def reducing(name, model):
    """The method, turned so that it keeps about six tenths of what it can."""
    return fresh(name).knob(0.6, shape_of(fresh(name), model))


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("name", METHODS)
@torch.inference_mode()
def test_a_sample_alone_and_in_company(name, kind):
    """Batch 1 equals batch 8; the prefix stays; the model is afterwards what it was before, bit for bit."""
    model, x = MODELS[kind](), images()
    before, method = answer_of(model(x)), reducing(name, model)
    with method.apply(model) as handle:
        together, report, home = answer_of(model(x)), handle.report(), handle.source()
        counts = report.per_sample(len(x))
    with method.apply(model) as handle:
        alone, single = zip(*[(answer_of(model(one[None])), handle.report().per_sample(1)) for one in x], strict=True)
    assert together.isfinite().all()
    assert (together - torch.cat(alone)).abs().max() <= 1e-4
    assert torch.equal(counts, torch.cat(single))
    assert (home[:, 0] == 0).all()
    assert not (home[:, 1:] == 0).any()
    assert torch.equal(answer_of(model(x)), before)
    assert not any("forward" in vars(module) or module._forward_hooks for module in model.modules())


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("name", METHODS)
@torch.inference_mode()
def test_keeping_everything_equals_the_untouched_model(name, kind):
    model, x = MODELS[kind](), images()
    method = fresh(name).knob(1.0, shape_of(fresh(name), model))
    before = answer_of(model(x))
    with method.apply(model) as handle:
        after, report = answer_of(model(x)), handle.report()
    assert report.budget == 1
    assert (after - before).abs().max() <= 1e-5


@pytest.mark.parametrize("name", METHODS)
@torch.inference_mode()
def test_a_budget_is_reached(name):
    model = make_timm(img_size=128)
    method = fresh(name)
    shape = shape_of(method, model)
    if method.adaptive or name == "identity":
        pytest.skip("its budget is found by running it (bench), or is always 1")
    turned = with_budget(method, 0.6, shape)
    with turned.apply(model) as handle:
        model(torch.randn(2, 3, 128, 128, generator=torch.Generator().manual_seed(1)))
    assert abs(handle.report().budget - 0.6) <= 0.01


@pytest.mark.parametrize("name", METHODS)
def test_one_optimiser_step_lowers_the_loss_or_training_is_refused(name):
    model, x = make_timm().double(), images().double()
    labels = torch.arange(8) % 7
    method = reducing(name, model)
    model.train()
    with method.apply(model) as handle:
        if not method.trains:
            with pytest.raises(Exception, match="has no rule for training"):
                model(x)
            return
        parameters = [*model.parameters(), *(handle.learned.parameters() if handle.learned is not None else [])]
        optimiser = torch.optim.SGD(parameters, lr=1e-5)  # small: which tokens are kept must not flip
        losses = []
        for _ in range(2):
            torch.manual_seed(0)  # methods that draw lots draw the same
            handle.samples = 0
            loss = torch.nn.functional.cross_entropy(model(x), labels)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
    assert losses[1] < losses[0]
    assert all(parameter.grad is not None for parameter in model.parameters())


@pytest.mark.parametrize("name", METHODS)
@torch.inference_mode()
def test_autocast_to_bfloat16(name):
    model, x = make_timm(), images()
    with reducing(name, model).apply(model) as handle, torch.autocast("cpu", torch.bfloat16):
        assert model(x).isfinite().all()
    assert handle.report().budget <= 1


@pytest.mark.parametrize("name", METHODS)
@torch.inference_mode()
def test_multiply_accumulates_follow_the_closed_form(name):
    from prunarium.bench.closed_forms import vit_macs
    from prunarium.bench.counters import audit, count_macs

    model, x = make_timm(), images(1)
    with reducing(name, model).apply(model) as handle:
        audit(
            count_macs(model, lambda model, inputs: model(inputs["x"]), {"x": x}, handle),
            vit_macs(model, handle.report()),
        )


@pytest.mark.slow
@pytest.mark.parametrize("name", METHODS)
def test_compiled(name):
    """torch.compile gives the same answers; where it cannot follow a method, it falls back without an error."""
    model, x = make_timm(depth=2), images(2)
    method = reducing(name, model)
    with torch.inference_mode(), method.apply(model):
        eager = model(x)
    torch._dynamo.reset()
    with torch.no_grad(), method.apply(model):
        assert (torch.compile(model, backend="aot_eager")(x) - eager).abs().max() <= 1e-4
