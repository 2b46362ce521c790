"""What a method marks in the vision tower it finds again inside the language model."""

import pytest
import torch

from prunarium import load

from .vlm_models import MODELS, one_of, prompt_for


@pytest.mark.parametrize("kind", ["llava", "llava-next"])
@torch.inference_mode()
def test_marked_tokens_are_never_dropped(kind):
    """Thresholds beyond all attention drop everything else, newline tokens too."""
    model = MODELS[kind]()
    prompt = one_of(prompt_for(model), 0)
    tiles = 1 if kind == "llava" else 3
    for rate, key_tokens in ((0.0, 0), (0.08, 3 * tiles), (1.0, 36 * tiles)):
        method = load("mustdrop", similarity=1.0, key_rate=rate, global_threshold=9.0, individual_threshold=9.0)
        with method.apply(model) as handle:
            model(**prompt)
            last = handle.report().tokens_out[-1]
        assert last <= key_tokens and (last > 0) == (rate > 0)
        if kind == "llava":  # tiles are cropped to the image's proportions, and marked patches with them
            assert last == key_tokens


@torch.inference_mode()
def test_marks_are_of_the_places_that_tokens_take():
    model = MODELS["llava"]()
    prompt = one_of(prompt_for(model), 0)
    method = load("mustdrop", similarity=1.0, key_rate=0.2, global_threshold=9.0, individual_threshold=9.0)
    seen = []

    class Watched(type(method)):
        def encode(self, tokens, tower):
            after = super().encode(tokens, tower)
            seen.append(after.memory["marked"][0])
            return after

    with Watched(**method.model_dump()).apply(model) as handle:
        model(**prompt)
        assert torch.equal(handle.source()[0] >= 0, seen[0])
