"""TokenPacker against its description, written out region by region and head by head."""

import math

import pytest
import torch

from prunarium import load

from .encoding import DIM, SIDE, covered, encoded


def linear(state, name, x):
    return x @ state[f"{name}.weight"].T + state.get(f"{name}.bias", 0)


def normed(state, name, x):
    x = (x - x.mean()) / (x.var(unbiased=False) + 1e-5).sqrt()
    return x * state[f"{name}.weight"] + state[f"{name}.bias"]


def gathered_by_mlp(state, name, x):
    """A linear layer, GELU, a linear layer and a norm."""
    x = linear(state, f"{name}.0", x)
    x = x * 0.5 * (1 + torch.erf(x / math.sqrt(2)))
    return normed(state, f"{name}.3", linear(state, f"{name}.2", x))


def coarse(patches, side):
    """Bilinear: each new patch at its middle, between the two nearest old ones each way."""
    grid, new = patches.view(SIDE, SIDE, DIM), []
    middles = [max((number + 0.5) * SIDE / side - 0.5, 0) for number in range(side)]
    for row in middles:
        for column in middles:
            value = torch.zeros(DIM, dtype=torch.double)
            for r in (int(row), min(int(row) + 1, SIDE - 1)):
                for c in (int(column), min(int(column) + 1, SIDE - 1)):
                    weight = (1 - row % 1 if r == int(row) else row % 1) * (
                        1 - column % 1 if c == int(column) else column % 1
                    )
                    value += weight * grid[r, c]
            new.append(value)
    return new


def attended(state, query, keys, values, heads):
    weight, bias = state["attention.in_proj_weight"].chunk(3), state["attention.in_proj_bias"].chunk(3)
    query = query @ weight[0].T + bias[0]
    keys, values = [key @ weight[1].T + bias[1] for key in keys], [value @ weight[2].T + bias[2] for value in values]
    out, width = [], DIM // heads
    for head in range(heads):
        part = slice(head * width, (head + 1) * width)
        scores = torch.stack([query[part] @ key[part] for key in keys]) / math.sqrt(width)
        share = scores.exp() / scores.exp().sum()
        out.append(sum(s * value[part] for s, value in zip(share, values, strict=True)))
    return linear(state, "attention.out_proj", torch.cat(out))


@pytest.mark.parametrize(
    ("side", "layers", "heads", "residual"), [(3, None, 8, True), (2, (0, 3), 4, False), (4, None, 2, False)]
)
@torch.no_grad()
def test_regions(side, layers, heads, residual):
    method = load(
        "tokenpacker", weights="random", keep_rate=side**2 / 36, layers=layers, heads=heads, residual=residual
    )
    after, states, layer, parts = encoded(method)
    state = parts.state_dict()
    assert layer == 2
    levels = layers or (1, 1, 2, 2)
    for tile in range(2):
        points = torch.cat([states[level][tile] for level in levels], dim=-1)
        keys = [gathered_by_mlp(state, "key", point) for point in points]
        values = [gathered_by_mlp(state, "value", point) for point in points]
        for number, (region, query) in enumerate(zip(covered(side), coarse(states[layer][tile], side), strict=True)):
            asked = normed(state, "query.1", linear(state, "query.0", query))
            due = attended(state, asked, [keys[p] for p in region], [values[p] for p in region], heads)
            due = query + due if residual else due
            assert (after.x[tile, number] - due).abs().max() < 1e-9
