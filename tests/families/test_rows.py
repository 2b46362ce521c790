"""Rows of attention that are worked out beside the model, against those that its own eager attention gives."""

import pytest
import torch

from prunarium.families import Attention, DecoderMethod
from prunarium.families.caching import rows

from .decoder_models import KINDS, make, padded

ROWS = ("attention_sums", "window_attention", "last_attention", "full_attention")


def rows_of(model, inputs):
    """What each layer offers a method after the prompt."""
    seen = []

    class Looking(DecoderMethod):
        needs = frozenset(ROWS)

        @property
        def observed(self):
            return 3

        def weigh(self, attention: Attention, entries, layer):
            seen.append({name: getattr(attention, name) for name in ROWS})
            return attention.last_attention

        def evict(self, cache):
            return list(cache)

    with Looking().apply(model):
        model(**inputs, use_cache=True)
    return seen


@pytest.mark.parametrize("chunk", [5, 256])
@pytest.mark.parametrize("kind", KINDS)
@torch.inference_mode()
def test_as_the_model_has_them(kind, chunk, monkeypatch):
    monkeypatch.setattr(rows, "CHUNK", chunk)
    model, inputs = make(kind), padded()
    real = inputs["attention_mask"].bool()
    offered = rows_of(model, inputs)
    model.set_attn_implementation("eager")
    try:
        attentions = model(**inputs, output_attentions=True).attentions
    finally:
        model.set_attn_implementation("sdpa")
    assert len(offered) == len(attentions)
    for found, whole in zip(offered, attentions, strict=True):
        whole = whole * real[:, None, :, None]
        torch.testing.assert_close(found["full_attention"], whole, atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(found["attention_sums"], whole.sum(dim=2), atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(found["window_attention"], whole[:, :, -3:], atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(found["last_attention"], whole[:, :, -1], atol=1e-5, rtol=1e-4)
