"""VTW against numbers that the paper's own code gave: the whole model, and the search for the layer."""

import numpy as np
import pytest
import torch
from transformers import DynamicCache

from prunarium import PrunariumError, load

from .vlm_models import cases, check_summary, lengths, llava_of

CASES = cases("vtw")


@pytest.mark.parametrize("name", ["K3", "K1"])
@torch.no_grad()
def test_model_prefill_and_decode(name):
    case = CASES[name]
    params, expected = case["params"], case["outputs"]
    model, prompt = llava_of(case)
    cache = DynamicCache(config=model.config.text_config)
    positions = []

    def note(module, args, kwargs):
        positions.append(kwargs["position_ids"][0].tolist())

    model.model.language_model.layers[-1].self_attn.register_forward_pre_hook(note, with_kwargs=True)
    with load("vtw", layer=params["K"]).apply(model) as handle:
        out = model(**prompt, past_key_values=cache, use_cache=True)
        assert positions.pop() == expected["position_ids_from_layer_K"]
        check_summary(out.logits, expected["all_logits"])
        np.testing.assert_allclose(out.logits[0, -1, :16], expected["last_token_logits_first16"], atol=2e-5)
        np.testing.assert_allclose(out.logits[0, -1].norm(), expected["last_token_logits_norm"], rtol=1e-5)
        text = params["sequence"] - params["image_tokens"]
        assert [count + text for count in handle.report().tokens_out] == expected["tokens_per_layer"]
        assert lengths(cache) == expected["kv_cache_length_per_layer_after_prefill"]
        for step in expected.get("decode_steps", ()):
            out = model(input_ids=torch.tensor([[step["token"]]]), past_key_values=cache, use_cache=True)
            np.testing.assert_allclose(out.logits[0, -1, :16], step["logits_first16"], atol=2e-5)
            np.testing.assert_allclose(out.logits[0, -1].norm(), step["logits_norm"], rtol=1e-5)
            assert lengths(cache) == step["kv_len"]
            assert positions.pop() == [step["position_id"]]


def test_search_finds_the_first_layer_within_the_recorded_divergence():
    case = CASES["K_search"]
    model, prompt = llava_of(case)
    recorded = case["outputs"]["kl_per_candidate_layer"]
    for layer, divergence in recorded.items():
        found = load("vtw").search(model, [prompt], eta=divergence * (1 + 1e-4))
        assert found == load("vtw", layer=int(layer))
    with pytest.raises(PrunariumError, match=r"the last has 0\.0699; raise eta"):
        load("vtw").search(model, [prompt], eta=divergence * (1 - 1e-4))


def test_search_refuses_what_it_cannot_search(llava, prompt):
    with pytest.raises(PrunariumError, match="give prompts, and a first layer from 1 to 5"):
        load("vtw").search(llava, [])
    with pytest.raises(PrunariumError, match="give prompts, and a first layer from 1 to 5"):
        load("vtw").search(llava, [prompt], first=6)


@torch.inference_mode()
def test_search_takes_the_mean_over_prompts(llava, prompt):
    """Two prompts in one batch are as the same two one by one; the mean lies between theirs."""
    one, other = ({name: value[i : i + 1] for name, value in prompt.items()} for i in range(2))

    def divergence(prompts, layer):
        words = torch.cat([llava(**p).logits[:, -1] for p in prompts]).double().softmax(-1)
        with load("vtw", layer=layer).apply(llava):
            found = torch.cat([llava(**p).logits[:, -1] for p in prompts]).double().softmax(-1)
        return (found * (found / words).log()).sum(-1)

    means = [divergence([prompt], layer).mean().item() for layer in range(1, 6)]
    for layer, mean in enumerate(means, start=1):
        for prompts in ([prompt], [one, other]):
            found = load("vtw").search(llava, prompts, eta=mean * (1 + 1e-3), first=layer)
            assert found.layer == layer
