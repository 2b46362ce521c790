"""Hard decisions: yes or no, with gradients."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from prunarium.ops import above, drawn


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=9), st.floats(-2, 2))
def test_above_is_the_comparison(scores, at):
    score, threshold = torch.tensor(scores), torch.tensor(at, requires_grad=True)
    decided = above(score, threshold, 0.5)
    assert torch.allclose(decided, (score > threshold).float(), atol=1e-6)
    decided.sum().backward()
    assert threshold.grad < 0


def test_above_of_what_may_not_be():
    threshold = torch.tensor(0.5, requires_grad=True)
    decided = above(torch.tensor([-torch.inf, 0.7]), threshold, 0.1)
    decided.sum().backward()
    assert decided.tolist() == [0, 1]
    assert threshold.grad.isfinite()


def test_drawn_follows_the_probabilities():
    torch.manual_seed(0)
    probability = torch.tensor([0.1, 0.5, 0.9])
    logits = torch.stack([probability, 1 - probability], dim=-1).log().expand(4000, 3, 2).clone().requires_grad_()
    lots = drawn(logits)
    assert set(lots.unique().tolist()) == {0, 1}
    assert torch.allclose(lots.mean(dim=0), probability, atol=0.03)
    lots.sum().backward()
    assert logits.grad.abs().sum() > 0
