"""Honeybee's C-Abstractor against its description, with the blocks of RegNet written out."""

import pytest
import torch
from torch.nn.functional import conv2d

from prunarium import load

from .encoding import DIM, SIDE, covered, encoded


def swish(x):
    return x / (1 + (-x).exp())


def normed(state, name, x):
    """Over the channels of each patch."""
    x = (x - x.mean(dim=1, keepdim=True)) / (x.var(dim=1, unbiased=False, keepdim=True) + 1e-5).sqrt()
    return x * state[f"{name}.weight"][:, None, None] + state[f"{name}.bias"][:, None, None]


def block(state, name, x):
    """A narrow, a wide depthwise and a narrow convolution, channels weighed in between, around a shortcut."""
    made = swish(normed(state, f"{name}.conv1.bn", conv2d(x, state[f"{name}.conv1.conv.weight"])))
    made = conv2d(made, state[f"{name}.conv2.conv.weight"], padding=1, groups=DIM)
    made = swish(normed(state, f"{name}.conv2.bn", made))
    gate = swish(conv2d(made.mean((2, 3), keepdim=True), state[f"{name}.se.fc1.weight"], state[f"{name}.se.fc1.bias"]))
    made = made * conv2d(gate, state[f"{name}.se.fc2.weight"], state[f"{name}.se.fc2.bias"]).sigmoid()
    made = normed(state, f"{name}.conv3.bn", conv2d(made, state[f"{name}.conv3.conv.weight"]))
    return swish(made + x)


def pooled(x, side):
    """``[tiles, side * side, dim]``, cell by cell."""
    patches = x.flatten(2).transpose(1, 2)
    return torch.stack([patches[:, cell].mean(dim=1) for cell in covered(side)], dim=1)


@pytest.mark.parametrize(("side", "depth", "residual"), [(3, 3, True), (2, 1, False), (4, 2, False)])
@torch.no_grad()
def test_abstractor(side, depth, residual):
    method = load("honeybee", weights="random", keep_rate=side**2 / 36, depth=depth, residual=residual)
    after, states, layer, parts = encoded(method)
    state = parts.state_dict()
    patches = x = states[layer].transpose(1, 2).unflatten(2, (SIDE, SIDE))
    for number in range(depth):
        x = block(state, f"before.b{number + 1}", x)
    x = pooled(x, side).transpose(1, 2).unflatten(2, (side, side))
    for number in range(depth):
        x = block(state, f"after.b{number + 1}", x)
    due = x.flatten(2).transpose(1, 2)
    if residual:
        due = pooled(patches, side) + due @ state["out.weight"].T + state["out.bias"]
    assert (after.x - due).abs().max() < 1e-9
