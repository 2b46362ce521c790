"""DeCo against a pooling written out, cell by cell."""

import pytest
import torch

from prunarium import load

from .encoding import covered, encoded


@pytest.mark.parametrize("side", [1, 2, 3, 4, 5])
def test_cells_are_means(side):
    after, states, layer, _ = encoded(load("deco", keep_rate=side**2 / 36))
    due = torch.stack([states[layer][:, cell].mean(dim=1) for cell in covered(side)], dim=1)
    assert after.x.shape == due.shape
    assert (after.x - due).abs().max() < 1e-12
