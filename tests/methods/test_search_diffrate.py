"""The search of DiffRate's schedules: its model with masks is the method, and its cost is the one counted."""

import pytest
import torch

from prunarium import load
from prunarium.bench.closed_forms import vit_macs
from tests.script_modules import script as as_module

from ..families.conftest import make_timm

script = as_module("search_diffrate")


COUNTS = [(14, 12), (12, 9), (8, 8), (6, 3)]


def sure(counts, patches):
    """Rates that leave no doubt."""
    rates = script.Rates(len(counts), patches)
    one_hot = torch.nn.functional.one_hot(torch.tensor(counts) - 1, patches)
    rates.scores.data = 200.0 * one_hot
    return rates


@torch.no_grad()
def test_masks_give_what_the_method_gives():
    model = make_timm()
    images = torch.randn(3, 3, 64, 64, generator=torch.Generator().manual_seed(5))
    rates = sure(COUNTS, 16)
    with load("diffrate", **script.parameters(COUNTS, 1)).apply(model) as handle:
        real, report = model(images), handle.report()
    assert torch.equal(rates.counts(), torch.tensor(COUNTS).float())
    assert (script.compressed(model, images, rates.stay()) - real).abs().max() <= 1e-4
    macs = vit_macs(model, report)
    blocks = macs.linear + macs.attention - model.head.weight.numel()
    assert script.multiply_accumulates(model, rates.counts()) == blocks


def test_every_rate_has_a_gradient_from_loss_and_cost():
    model, rates = make_timm().requires_grad_(False), script.Rates(4, 16)
    images = torch.randn(3, 3, 64, 64, generator=torch.Generator().manual_seed(5))
    script.compressed(model, images, rates.stay()).square().sum().backward()
    from_loss, rates.scores.grad = rates.scores.grad, None
    script.multiply_accumulates(model, rates.counts()).backward()
    # what the last block leaves no longer reaches the cls token
    assert (from_loss.abs().sum(dim=-1)[:-1] > 1e-5).all()
    assert from_loss[-1].abs().max() <= 1e-6
    assert (rates.scores.grad.abs().sum(dim=-1)[:, 1] > 0).all()


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_what_is_found_costs_what_was_asked(share):
    model = make_timm(img_size=128)
    whole = float(script.multiply_accumulates(model, torch.full((4, 2), 64.0)))
    counts = script.Rates(4, 64).counts().detach()
    cost = script.multiply_accumulates(model, torch.tensor(script.settled(model, counts, share * whole)).float())
    assert share - 0.03 <= cost / whole <= share
