"""A method that did nothing is an error, not a score; one that was told to do nothing is not."""

from typing import Any, ClassVar

import numpy as np
import pytest
import torch

from prunarium import PrunariumError, load
from prunarium.bench.acting import check_acted
from prunarium.families import VitMethod

ALL = [65] * 6


class Cut(VitMethod):
    """Keeps one token alone."""

    def reduce(self, tokens: Any, attention: Any, block: int) -> Any:
        return tokens.keep(torch.zeros(1, 1, dtype=torch.long))


def test_a_method_that_removed_nothing_is_refused(vit):
    with pytest.raises(
        PrunariumError,
        match=r"Cut\(\) left 65 of 65 tokens after block 0, and by its setting 2 are left",
    ):
        check_acted(Cut(), vit, ALL, np.array(ALL, dtype=float))


def test_each_block_must_have_done_its_part(vit):
    tome = load("tome", r=8)
    check_acted(tome, vit, ALL, np.array([57.0, 49, 41, 33, 25, 17]))
    with pytest.raises(PrunariumError, match="left 49 of 65 tokens after block 2, and by its setting 41 are left"):
        check_acted(tome, vit, ALL, np.array([57.0, 49, 49, 41, 33, 25]))


class Adaptive(Cut):
    """Its count depends on the data."""

    adaptive: ClassVar[bool] = True


def test_of_a_method_that_follows_the_data_one_token_is_asked(vit):
    check_acted(Adaptive(), vit, ALL, np.array([65, 65, 65, 65, 65, 64.9]))
    with pytest.raises(PrunariumError, match="removed no token of any sample"):
        check_acted(Adaptive(), vit, ALL, np.array(ALL, dtype=float))


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
    with pytest.raises(PrunariumError, match="left 16 of 16 tokens after block 2, and by its setting 8 are left"):
        check_acted(load("fastv", drop_rate=0.5), llava, [16] * 6, np.array([16.0] * 6))


def test_where_counts_are_not_known_some_token_must_go(vit):
    """Images of different sizes: by the setting some tokens go, and the mean over samples tells whether any did."""
    kept = np.array(ALL, dtype=float)
    check_acted(load("identity"), vit, ALL, kept, known=False)
    check_acted(load("tome", r=8), vit, ALL, kept - 0.5, known=False)
    with pytest.raises(PrunariumError, match=r"removed no token of any sample, and by its setting some must go"):
        check_acted(load("tome", r=8), vit, ALL, kept, known=False)
