"""Sinkhorn against numbers that TokenReduction's code gave."""

import numpy as np
import pytest

from prunarium.ops import sinkhorn

from .fixtures import close, drawn, fixtures, of_level
from .soft_merging import check_model

FIXTURES = fixtures("sinkhorn")


def test_plan():
    fixture = FIXTURES["sinkhorn-f1"]
    params, expected, tolerance = fixture["params"], fixture["outputs"], fixture["tolerance"]["float64"]
    plan = sinkhorn(drawn(fixture["input"]["scores"]).double() / params["eps"], params["iters"])
    close(plan[:, :6, :6], np.asarray(expected["plan_slice6x6"]), tolerance)
    close(plan.sum(dim=2), expected["row_sums"], tolerance)
    close(plan.sum(dim=1), expected["col_sums"], tolerance)
    close(plan.flatten(1).norm(dim=1), expected["l2"], tolerance * 10)


@pytest.mark.parametrize("name", of_level(FIXTURES, "model"))
def test_model(name, tmp_path):
    params = FIXTURES[name]["params"]
    asked = {"temperature": params["sinkhorn_eps"], "rounds": params["cluster_iters"]}
    check_model("sinkhorn", FIXTURES[name], tmp_path, ["centres"], **asked)
