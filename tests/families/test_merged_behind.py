"""Tokens merged behind the image: they see what stands before them, whatever mask the model is given."""

import pytest
import torch

from prunarium import load

from .vlm_models import MODELS, generate, prompt_for


@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
@torch.inference_mode()
def test_padding_and_kernels_change_nothing(implementation):
    model = MODELS["llava"]()
    prompt = prompt_for(model)
    method = load("sparsevlm", layers=(0, 2), keep_rates=(0.1, 0.05))
    with method.apply(model) as handle:
        words, logits = generate(model, prompt), model(**prompt).logits[:, -1]
        assert handle.report().tokens_out == [36, 6, 6, 3, 3, 3]  # 4 and two merged, 2 and one merged
    model.set_attn_implementation(implementation)
    ids = torch.nn.functional.pad(prompt["input_ids"], (3, 0))
    mask = torch.nn.functional.pad(torch.ones_like(prompt["input_ids"]), (3, 0))
    padded = {**prompt, "input_ids": ids, "attention_mask": mask}
    with method.apply(model):
        assert torch.equal(generate(model, padded), words)
        positions = (mask.cumsum(-1) - 1).clamp(min=0)
        assert (model(**padded, position_ids=positions).logits[:, -1] - logits).abs().max() <= 1e-4
