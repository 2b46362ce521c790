"""SiT against numbers that TokenReduction's code gave."""

import pytest

from .fixtures import fixtures, of_level
from .soft_merging import check_model

FIXTURES = fixtures("sit")
PARTS = ["embed.0.weight", "embed.0.bias", "embed.1.weight", "embed.1.bias", "share.weight", "share.bias", "scale"]


@pytest.mark.parametrize("name", of_level(FIXTURES, "model"))
def test_model(name, tmp_path):
    check_model("sit", FIXTURES[name], tmp_path, PARTS)
