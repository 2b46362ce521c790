"""PatchMerger against numbers that TokenReduction's code gave."""

import pytest

from .fixtures import fixtures, of_level
from .soft_merging import check_model

FIXTURES = fixtures("patchmerger")
PARTS = ["norm.weight", "norm.bias", "queries"]


@pytest.mark.parametrize("name", of_level(FIXTURES, "model"))
def test_model(name, tmp_path):
    check_model("patchmerger", FIXTURES[name], tmp_path, PARTS)
