"""Where in the image a token is: ``attention.image_cells`` on every kind of model."""

from typing import ClassVar

import pytest
import torch
from pydantic import PrivateAttr

from prunarium.families import VlmMethod
from prunarium.ops import Tokens

from .vlm_models import MODELS, generate, prompt_for

GRID = torch.cartesian_prod(torch.arange(6), torch.arange(6))
ROWS = [[(row, column) for column in range(6)] + [(-1, -1)] for row in range(10)]
NEXT = torch.cat([GRID, torch.tensor(ROWS).flatten(0, 1)])  # a thumbnail, then 10 rows out of two tiles, with newlines


class Probe(VlmMethod):
    """Drops every third token before layer 2, and notes the cells before and after."""

    needs: ClassVar[frozenset[str]] = frozenset({"image_cells"})
    _seen: list = PrivateAttr(default_factory=list)

    def acts_at(self, shape):
        return (2, 4)

    def reduce(self, tokens, attention, block):
        self._seen.append(attention.image_cells)
        index = torch.tensor([number for number in range(tokens.count) if number % 3])
        return tokens.keep(index.expand(len(tokens.x), -1)) if block == 2 else tokens


class ProbeOfHalf(Probe):
    """Drops half of the patches before they enter."""

    def encode(self, tokens: Tokens, tower) -> Tokens:
        return tokens.keep(torch.arange(0, tokens.count, 2).expand(len(tokens.x), -1))


@pytest.mark.parametrize("kind", MODELS)
@torch.inference_mode()
def test_cells_follow_the_tokens(kind):
    model = MODELS[kind]()
    method, due = Probe(), NEXT if kind == "llava-next" else GRID
    with method.apply(model):
        generate(model, prompt_for(model), 2)
    before, after = method._seen
    assert before.tolist() == [due.tolist()] * 2
    assert after.tolist() == [[cell for number, cell in enumerate(due.tolist()) if number % 3]] * 2


@torch.inference_mode()
def test_cells_of_two_images_and_of_patches_that_entered():
    model = MODELS["llava"]()
    for method, due in ((Probe(), GRID), (ProbeOfHalf(), GRID[::2])):
        with method.apply(model):
            model(**prompt_for(model, images=2))
        assert method._seen[0].tolist() == [torch.cat([due, due]).tolist()] * 2
