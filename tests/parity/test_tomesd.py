"""The grid matching of ToMe for Stable Diffusion against numbers that the paper's own code gave."""

import numpy as np
import pytest
import torch

from prunarium.ops import Tokens, gather, grid_destinations, match_to, merge_groups

from .fixtures import assert_same_partition, close, drawn, fixtures, of_level

FIXTURES = fixtures("tomesd")


def choice_of(fixture):
    spec, params = fixture["input"]["destination_choice_per_cell"], fixture["params"]
    if spec is None:
        return None
    return ((1000 * drawn(spec).abs()).floor() % (params["sx"] * params["sy"])).long().flatten()


@pytest.mark.parametrize("name", of_level(FIXTURES, "function"))
def test_grid_matching(name):
    fixture = FIXTURES[name]
    params, expected = fixture["params"], fixture["outputs"]
    metric, x = drawn(fixture["input"]["metric"]).double(), drawn(fixture["input"]["x"]).double()
    cell = (params["sy"], params["sx"])
    destinations = grid_destinations(params["h"], params["w"], cell, choice_of(fixture))
    assert destinations.tolist() == sorted(expected["destination_positions"])
    group, count = match_to(metric, destinations, int(x.shape[1] * params["ratio"]))
    assert count == expected["n_out"] == x.shape[1] - expected["r"]
    official = torch.tensor(expected["group_of_token"])
    assert_same_partition(group, official)
    # the official order of the destinations is that of an unstable sort; found through the tokens that they hold
    to_ours = torch.zeros(len(x), count, dtype=torch.long).scatter(1, official, group)
    unmerged = count - len(destinations)
    assert to_ours[:, :unmerged].tolist() == [list(range(unmerged))] * len(x)
    merged = merge_groups(Tokens(x), group, count).x
    in_their_order = gather(merged, to_ours)
    close(in_their_order.norm(dim=-1), expected["token_l2"], 1e-5)
    close(in_their_order.sum(dim=(1, 2)), expected["sum"], 1e-3)
    close(in_their_order[:, :3, :4], np.asarray(expected["slice_first_tokens_channels"])[:, :3], 1e-6)
    close(in_their_order[:, -3:, :4], np.asarray(expected["slice_last_tokens_channels"])[:, -3:], 1e-6)
    back = gather(merged, group)
    close(back.norm(dim=-1)[:, :40], expected["unmerged_token_l2_first40"], 1e-5)
