"""PyramidDrop against numbers that the paper's own code gave."""

import numpy as np
import pytest
import torch
from transformers import DynamicCache

from prunarium import load

from .vlm_models import cases, check_summary, lengths, llava_of

CASES = cases("pyramiddrop")


def method_of(params):
    return load("pyramiddrop", layers=params["layer_list_1based_after"], keep_rates=params["ratios"])


class Watched:
    """What goes on in a model: the scores that the method reads, and each layer's position of the last token."""

    def __init__(self, model, monkeypatch):
        self.scores, self.positions = {}, []
        kind = type(load("pyramiddrop"))
        original = kind.reduce

        def reduce(method, tokens, attention, block):
            self.scores[block] = attention.ahead_attention.mean(dim=1)
            return original(method, tokens, attention, block)

        monkeypatch.setattr(kind, "reduce", reduce)
        for layer in model.model.language_model.layers:
            layer.self_attn.register_forward_pre_hook(self.note, with_kwargs=True)

    def note(self, module, args, kwargs):
        self.positions.append(kwargs["position_ids"][:, -1].tolist())

    def last_positions(self):
        """Of the last sample, layer by layer, since last asked."""
        seen, self.positions = [one[-1] for one in self.positions], []
        return seen


def check_stages(handle, scores, expected):
    for stage in expected["stages"]:
        layer, sample = stage["ranking_layer"], stage["sample"]
        np.testing.assert_allclose(scores[layer][sample, :12], stage["score_first12"], atol=1e-6)
        np.testing.assert_allclose(scores[layer][sample].sum(), stage["score_sum"], rtol=1e-6)
        [move] = handle.records[layer].moves
        assert move.position[sample].tolist() == stage["kept_relative_to_current_image_span"]
        assert (handle.records[layer].tokens_in, handle.records[layer].tokens_out) == (stage["current"], stage["keep"])


@pytest.mark.parametrize("name", ["three_stages", "floors_of_original_N"])
@torch.no_grad()
def test_model_prefill_and_decode(name, monkeypatch):
    case = CASES[name]
    params, expected = case["params"], case["outputs"]
    model, prompt = llava_of(case)
    watched = Watched(model, monkeypatch)
    cache = DynamicCache(config=model.config.text_config)
    with method_of(params).apply(model) as handle:
        out = model(**prompt, past_key_values=cache, use_cache=True, output_hidden_states=True)
        check_stages(handle, watched.scores, expected)
        text = params["sequence"] - params["image_tokens"]
        assert [count + text for count in handle.report().tokens_out] == expected["tokens_per_layer"]
        assert watched.last_positions() == expected["last_position_id_per_layer"]
        assert lengths(cache) == expected["kv_cache_length_per_layer_after_prefill"]
        check_summary(out.hidden_states[-1], expected["final_hidden"])
        np.testing.assert_allclose(out.logits[0, -1, :16], expected["last_real_token_logits_first16"][0], atol=2e-5)
        for step in expected.get("decode_steps", ()):
            out = model(input_ids=torch.tensor([[step["token"]]]), past_key_values=cache, use_cache=True)
            np.testing.assert_allclose(out.logits[0, -1, :16], step["logits_first16"], atol=2e-5)
            np.testing.assert_allclose(out.logits[0, -1].norm(), step["logits_norm"], rtol=1e-5)
            assert watched.last_positions() == step["position_id_per_layer"]
            assert lengths(cache) == step["kv_len"]


@torch.no_grad()
def test_padded_batch_sample_by_sample(monkeypatch):
    """The official batch pads on the right, ours on the left: the rows that are no padding are the same."""
    case = CASES["batch2_right_padding"]
    params, expected = case["params"], case["outputs"]
    model, prompt = llava_of(case)
    padding = params["right_padding_of_last_sample"]
    order = torch.arange(params["sequence"]).repeat(2, 1)
    order[1] = order[1].roll(padding)
    language = model.model.language_model

    def padded_on_the_left(module, args, kwargs):  # after the hook that puts in the recorded embeddings
        embeddings = kwargs["inputs_embeds"]
        kwargs["inputs_embeds"] = embeddings.gather(1, order.unsqueeze(-1).expand_as(embeddings))
        return args, kwargs

    language.register_forward_pre_hook(padded_on_the_left, with_kwargs=True)
    mask = torch.ones_like(order)
    mask[1, :padding] = 0
    left = {
        "input_ids": prompt["input_ids"].gather(1, order),
        "attention_mask": mask,
        "position_ids": (mask.cumsum(1) - 1).clamp(min=0),
        "mm_encoder_outputs": prompt["mm_encoder_outputs"],
    }
    watched = Watched(model, monkeypatch)
    cache = DynamicCache(config=model.config.text_config)
    with method_of(params).apply(model) as handle:
        out = model(**left, past_key_values=cache, use_cache=True, output_hidden_states=True)
        check_stages(handle, watched.scores, expected)
        text = params["sequence"] - params["image_tokens"]
        assert [count + text for count in handle.report().tokens_out] == expected["tokens_per_layer"]
        assert lengths(cache) == expected["kv_cache_length_per_layer_after_prefill"]
        assert watched.last_positions() == [last - padding for last in expected["last_position_id_per_layer"]]
        np.testing.assert_allclose(out.logits[:, -1, :16], expected["last_real_token_logits_first16"], atol=2e-5)
        rows = expected["final_hidden"]["rows"]  # of both samples, in the official order
        hidden = torch.cat([out.hidden_states[-1][0], out.hidden_states[-1][1].roll(-padding, 0)])
        for row in ("0", "1", "30"):  # row 59 is padding
            np.testing.assert_allclose(hidden[int(row), :6], rows[row], atol=2e-5)
