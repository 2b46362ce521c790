"""ATC against numbers that its paper's own code gave, for each linkage; clusters are compared as sets."""

import pytest
import torch

from prunarium import load
from prunarium.families import Attention
from prunarium.ops import Tokens, groups

from . import recipe
from .fixtures import assert_same_partition, close, drawn, fixtures, of_level
from .staged_models import check_model, settings

FIXTURES = fixtures("atc")


@pytest.mark.parametrize("name", of_level(FIXTURES, "function"))
def test_clusters(name):
    fixture = FIXTURES[name]
    given, params, expected = fixture["input"], fixture["params"], fixture["outputs"]
    metric, x = drawn(given["metric"]).double(), drawn(given["x"]).double()
    size = recipe.sizes(given["size"]["seed"], given["size"]["index"], given["size"]["shape"]).double().squeeze(-1)
    count, clusters, tolerance = x.shape[1], params["clusters_excl_cls"], fixture["tolerance"]["float64"]
    method = load("atc", linkage=params["linkage"], keep_rate=(clusters + 0.5) / (count - 1), blocks=(3,))
    offered = Attention(method.needs, {"keys": lambda: metric.unsqueeze(1)})
    after = method.reduce(Tokens(x, 1, size, original=count), offered, block=3)
    assert groups(after.moves, len(x), count).tolist() == expected["partition_canonical"]  # both by first members
    close(after.x.norm(dim=-1).sort().values, expected["sorted_token_l2"], tolerance)
    close(after.size.sort().values, expected["sorted_size"], 0)
    close(after.x[:, 0, :4], expected["cls_token_out_first4"], tolerance)


@pytest.mark.parametrize("name", of_level(FIXTURES, "model"))
def test_model(name):
    fixture = FIXTURES[name]
    params, expected = fixture["params"], fixture["outputs"]
    method = load("atc", linkage=params["linkage"], proportional_attention=params["prop_attn"], **settings(fixture))
    handle = check_model(method, fixture)
    for block in method.blocks:
        theirs = torch.tensor(expected[f"partition_of_original_after_block{block}"])
        assert_same_partition(handle.source(block), theirs)
