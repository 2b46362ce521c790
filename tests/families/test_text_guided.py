"""A card that says that its method keeps what the text asks for is right about that."""

import pytest
import torch

from prunarium import registry
from prunarium.families import adapter_for

from .untrained import fresh
from .vlm_models import make_llava, one_of, prompt_for

METHODS = {name: card.text_guided for name, card in registry.cards().items() if "vlm" in card.families}


def kept(model, name, prompt):
    """Which image tokens the method leaves, and of which the caches of the layers hold something."""
    method = fresh(name)
    method = method.knob(0.4, adapter_for(method, model).shape) if name != "identity" else method
    layers = model.model.language_model.layers
    with method.apply(model) as handle:
        model(**prompt, use_cache=True)
        homes = [handle.source(block).tolist() for block in range(len(layers))]
        held = [layer.forward.__self__.evicted for layer in layers if "forward" in vars(layer)]
        return [*homes, *(one.place.tolist() for one in held if one is not None)]


@pytest.mark.parametrize("name", [name for name in METHODS if name != "trim"])  # it has the question by another way
@torch.inference_mode()
def test_what_is_left_depends_on_the_question(name):
    model = make_llava()
    prompt = one_of(prompt_for(model, before=2, after=5), 0)
    found = []
    for word in range(3, 9):
        prompt["input_ids"][:, -5:] = torch.arange(5) * word % 11 + 3
        found.append(kept(model, name, prompt))
    assert any(other != found[0] for other in found) == METHODS[name]
