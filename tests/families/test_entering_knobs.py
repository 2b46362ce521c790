"""Methods that act before the language model: turned further up they keep no fewer tokens, and at 1 they keep all."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prunarium import load
from prunarium.families import Layout, Shape
from prunarium.families.vlm.tower import RandomTower
from prunarium.ops import Tokens

SETTINGS = {
    "fastervlm": {},
    "grid-pooling": {},
    "hired": {},
    "prumerge": {},
    "prumerge, plus": {"variant": "PruMerge+"},
    "topk-cls": {},
    "visionzip": {},
}
SHAPE = Shape("vlm", depth=3, prefix=0, tokens=None, stages=(0,), dim=8, tower_dim=8, tower_depth=3)


def left(method, patches):
    """Tokens that enter the language model of one image of one tile."""
    tower = RandomTower(patches, 8, 3, torch.Generator().manual_seed(0))
    tokens = method.encode(Tokens(tower.states(1), original=patches), tower)
    return method.project(tokens, Layout((0, 0) if tokens.moves else tower.grid, tokens.count))


@pytest.mark.parametrize("name", SETTINGS)
@settings(max_examples=40)
@given(
    amounts=st.lists(st.floats(0, 1), min_size=2, max_size=2),
    patches=st.one_of(st.integers(1, 14).map(lambda side: side * side), st.integers(2, 80)),
)
def test_more_for_more(name, amounts, patches):
    method = load(name.partition(",")[0], **SETTINGS[name])
    few, many = (left(method.knob(amount, SHAPE), patches).count for amount in sorted(amounts))
    assert 1 <= few <= many <= patches
    assert not left(method.knob(1.0, SHAPE), patches).moves
