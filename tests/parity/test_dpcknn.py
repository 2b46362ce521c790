"""DPC-KNN against numbers that TokenReduction's code gave, its random tie-break taken out."""

from dataclasses import replace

import pytest
import torch

from prunarium import load, registry
from prunarium.ops import Tokens, density_peaks, merge_groups

from .fixtures import check_tokens, drawn, fixtures, model_of, of_level
from .learned_parts import with_recorded_parts
from .staged_models import check_model, check_slices, settings

FIXTURES = fixtures("dpcknn")


class Divided(registry.load_class("dpc-knn")):
    """The method, with sums divided by the weights and 1e-6 more, as in the official code."""

    def reduce(self, tokens, attention, block):
        after = super().reduce(tokens, attention, block)
        weight = torch.ones_like(tokens.x[..., 0])
        if self.learned_weight:
            weight = self.part_at(block)(tokens.x).squeeze(-1).exp()
        total = torch.zeros_like(after.x[..., 0]).scatter_add(1, after.moves[0].group(), weight)
        total[:, : tokens.prefix] = torch.inf
        return replace(after, x=after.x / (1 + 1e-6 / total).unsqueeze(-1))


@pytest.mark.parametrize("name", of_level(FIXTURES, "function"))
def test_clusters(name):
    fixture = FIXTURES[name]
    x, params, expected = drawn(fixture["input"]["x"]).double(), fixture["params"], fixture["outputs"]
    centres, cluster = density_peaks(x, params["clusters"], params["k"])
    assert centres.tolist() == expected["centres_score_descending"]
    assert cluster.tolist() == expected["assignment"]
    merged = merge_groups(Tokens(x), cluster, params["clusters"], torch.ones_like(x[..., 0])).x
    tolerance = 10 * fixture["tolerance"]["float64"]  # theirs are divided by 1e-6 more
    check_tokens(merged, expected, tolerance)
    check_slices(merged, expected, tolerance)


@pytest.mark.parametrize("name", of_level(FIXTURES, "model"))
def test_model(name, tmp_path):
    fixture = FIXTURES[name]
    chosen = {**settings(fixture), "neighbours": fixture["params"]["k_neighbors"]}
    if fixture["params"]["equal_weight"]:
        method = load("dpc-knn", **chosen)
    else:
        chosen["learned_weight"] = True
        method = with_recorded_parts("dpc-knn", fixture, model_of(fixture), tmp_path, ["weight", "bias"], **chosen)
    check_model(Divided(**method.model_dump()), fixture)
    check_model(method, {**fixture, "tolerance": {"float64": 1e-4}})  # all decisions are the same
