"""A method that did nothing is an error, not a score; one that was told to do nothing is not."""

from typing import Any

import numpy as np
import pytest

from prunarium import PrunariumError, load
from prunarium.bench.acting import check_acted
from prunarium.families import VitMethod

ALL = [65] * 6


class Asleep(VitMethod):
    """Keeps one token alone, but never in a real model: its states are wider than 4."""

    def reduce(self, tokens: Any, attention: Any, block: int) -> Any:
        import torch

        return tokens if tokens.x.shape[-1] > 4 else tokens.keep(torch.zeros(1, 1, dtype=torch.long))


def test_a_method_that_removed_nothing_is_refused(vit):
    with pytest.raises(
        PrunariumError, match=r"Asleep\(\) removed no token, though 2 of 65 should be left after block 0"
    ):
        check_acted(Asleep(), vit, ALL, np.array(ALL, dtype=float))


def test_a_reduction_anywhere_is_enough(vit):
    check_acted(Asleep(), vit, ALL, np.array([65, 65, 65, 65, 65, 64.9]))


@pytest.mark.parametrize(
    "name, parameters",
    [
        ("identity", {}),
        ("tome", {"r": 0}),
        ("evit", {"keep_rate": 1}),
        ("random", {"keep_rate": 1.0}),
        ("topk-cls", {"keep_rate": 1}),
    ],
)
def test_a_setting_that_keeps_everything_is_no_fault(vit, name, parameters):
    check_acted(load(name, **parameters), vit, ALL, np.array(ALL, dtype=float))


def test_nothing_dropped_of_image_tokens(llava):
    check_acted(load("fastv", drop_rate=0.0), llava, [16] * 6, np.array([16.0] * 6))
    with pytest.raises(PrunariumError, match="removed no token, though 8 of 16 should be left after block 2"):
        check_acted(load("fastv", drop_rate=0.5), llava, [16] * 6, np.array([16.0] * 6))
