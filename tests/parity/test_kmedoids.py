"""K-Medoids against numbers that TokenReduction's code gave."""

import pytest

from prunarium import load
from prunarium.ops import gather, k_medoids

from .fixtures import check_tokens, drawn, fixtures, of_level
from .staged_models import check_model, check_slices, settings

FIXTURES = fixtures("kmedoids")


@pytest.mark.parametrize("name", of_level(FIXTURES, "function"))
def test_clusters(name):
    fixture = FIXTURES[name]
    given, params, expected = fixture["input"], fixture["params"], fixture["outputs"]
    x, weight = drawn(given["x"]).double(), drawn(given["weight"]).double().abs().squeeze(-1) + 0.5
    medoids, cluster = k_medoids(x, weight, params["clusters"], params["iterations"])
    assert medoids.tolist() == expected["medoids"]
    assert cluster.tolist() == expected["assignment"]
    check_tokens(gather(x, medoids), expected, fixture["tolerance"]["float64"])
    check_slices(gather(x, medoids), expected, fixture["tolerance"]["float64"])


@pytest.mark.parametrize("name", of_level(FIXTURES, "model"))
def test_model(name):
    fixture = FIXTURES[name]
    check_model(load("kmedoids", rounds=fixture["params"]["cluster_iters"], **settings(fixture)), fixture)
