"""The alpha-sigmoid against its closed forms, and its laws."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from prunarium.ops import alpha_sigmoid

X = torch.linspace(-4, 4, 81, dtype=torch.float64)


def test_closed_forms():
    torch.testing.assert_close(alpha_sigmoid(X, 1), X.sigmoid())
    torch.testing.assert_close(alpha_sigmoid(X, 2), ((X + 1) / 2).clamp(0, 1))
    inside = X.clamp(-2, 2)  # with alpha = 1.5, p^0.5 - (1 - p)^0.5 = x / 2
    expected = 0.5 + inside * (8 - inside.square()).sqrt() / 8
    torch.testing.assert_close(alpha_sigmoid(X, 1.5), expected)


@given(st.floats(-6, 6), st.floats(1.01, 8))
def test_it_solves_its_equation_or_is_0_or_1(x, alpha):
    share = float(alpha_sigmoid(torch.tensor(x, dtype=torch.float64), alpha))
    other = float(alpha_sigmoid(torch.tensor(-x, dtype=torch.float64), alpha))
    assert share + other == pytest.approx(1)
    assert (share > 0.5) == (x > 0) or abs(x) < 1e-9
    if (alpha - 1) * abs(x) >= 1:
        assert share in (0, 1)
    else:
        found = share ** (alpha - 1) - (1 - share) ** (alpha - 1)
        assert found == pytest.approx((alpha - 1) * x, abs=1e-4)


@pytest.mark.parametrize("alpha", [1.0, 1.5, 2.0, 3.0])
def test_gradients_are_the_slope(alpha):
    x = torch.tensor([-0.3, 0.1, 0.2], dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(alpha_sigmoid(x, alpha).sum(), x)
    step = 1e-4
    measured = (alpha_sigmoid(x.detach() + step, alpha) - alpha_sigmoid(x.detach() - step, alpha)) / (2 * step)
    torch.testing.assert_close(slope, measured, atol=1e-5, rtol=1e-4)
    far = torch.tensor([-9.0, 9.0], requires_grad=True)
    if alpha > 1:
        assert torch.autograd.grad(alpha_sigmoid(far, alpha).sum(), far)[0].tolist() == [0, 0]
