"""Prompts of different lengths, padded on the left: every sample generates what it does alone."""

import pytest
import torch

from prunarium import load

from .vlm_models import MODELS, generate, one_of, prompt_for

METHODS = {
    "vtw": {"layer": 2},
    "pyramiddrop": {"layers": (1, 3), "keep_rates": (0.5, 0.2)},
    "fitprune": {"recipe": (4, 10, 0, 7)},
}


@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
@pytest.mark.parametrize("name", METHODS)
@torch.inference_mode()
def test_padding_changes_nothing(name, implementation):
    model = MODELS["llava"]()
    model.set_attn_implementation(implementation)
    prompt = prompt_for(model)
    short = one_of(prompt, 1)
    short["input_ids"] = short["input_ids"][:, 3:]  # of the words before the image
    mask = torch.ones_like(prompt["input_ids"])
    mask[1, :3] = 0
    ids = torch.where(mask.bool(), prompt["input_ids"], 0)
    with load(name, **METHODS[name]).apply(model) as handle:
        alone = [generate(model, one_of(prompt, 0)), generate(model, short)]
        counts = handle.report().tokens_out
        together = generate(model, {**prompt, "input_ids": ids, "attention_mask": mask})
        assert handle.report().tokens_out == counts
    assert torch.equal(together, torch.cat(alone))
