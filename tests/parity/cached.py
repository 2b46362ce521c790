"""A prompt read by a small model, its attention and its cache: for parity tests of methods that evict from it."""

from dataclasses import dataclass

import torch
from transformers import DynamicCache

from ..families.vlm_models import PATCHES, make_llava, one_of, prompt_for


@dataclass
class Layer:
    """One layer after the prompt: of the stock model, and what the method left of its cache.

    Attributes:
        attention: ``[batch, heads, tokens, tokens]``.
        keys: ``[batch, key heads, tokens, head dim]``.
        values: ``[batch, key heads, tokens, head dim]``.
        left: entries of the method.
    """

    attention: torch.Tensor
    keys: torch.Tensor
    values: torch.Tensor
    left: object

    def kept(self, sample, head):
        """Tokens of the prompt that a key head holds."""
        left = self.left
        return left.place[sample, head][left.visible[sample, head]].tolist()

    def check(self, sample, head, keys, values):
        """Hold what a key head has against expected contents ``[entries, head dim]``."""
        there = self.left.visible[sample, head]
        torch.testing.assert_close(self.left.keys[sample, head][there], keys, atol=1e-6, rtol=1e-5)
        torch.testing.assert_close(self.left.values[sample, head][there], values, atol=1e-6, rtol=1e-5)


BEFORE, AFTER = 4, 6
IMAGE = range(BEFORE, BEFORE + PATCHES)
TOKENS = BEFORE + PATCHES + AFTER


@torch.no_grad()
def layers_of(method) -> list[Layer]:
    """Two samples of 46 tokens in 6 layers of 4 heads, of which two share keys."""
    model = make_llava()
    prompt = prompt_for(model, before=BEFORE, after=AFTER)
    model.set_attn_implementation("eager")
    cache = DynamicCache(config=model.config.text_config)
    attentions = model(**prompt, past_key_values=cache, use_cache=True, output_attentions=True).attentions
    with method.apply(model):
        model(**prompt, use_cache=True)
        left = [layer.forward.__self__.evicted for layer in model.model.language_model.layers]
    return [
        Layer(attention, layer.keys, layer.values, entries)
        for attention, layer, entries in zip(attentions, cache.layers, left, strict=True)
    ]


@torch.no_grad()
def places_after_words(method, words) -> list[list[int]]:
    """What the first head of every layer holds of the first sample after some words; they count on from the prompt."""
    model = make_llava()
    with method.apply(model):
        cache = model(**one_of(prompt_for(model, before=BEFORE, after=AFTER), 0), use_cache=True).past_key_values
        for word in range(words):
            model(input_ids=torch.tensor([[3 + word]]), past_key_values=cache)
        left = [layer.forward.__self__.evicted for layer in model.model.language_model.layers]
    assert [one.count for one in left] == [layer.keys.shape[2] for layer in cache.layers]
    return [one.place[0, 0].tolist() for one in left]
