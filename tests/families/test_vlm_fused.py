"""Reading attention weights costs what is read, in the layer where it is read: all layers keep the fused kernel."""

from collections import Counter
from typing import ClassVar

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from prunarium import PrunariumError, registry
from prunarium.bench.benchmarks import next_word
from prunarium.bench.counters import count_macs
from prunarium.families import VlmMethod
from prunarium.ops import Tokens, in_order, top

from .untrained import fresh
from .vlm_models import PATCHES, make_llava, one_of, prompt_for

LAYERS, HEADS, HEAD_DIM = 6, 4, 8
LAYER = 3
METHODS = sorted(name for name, card in registry.cards().items() if "vlm" in card.families)


class Looking(VlmMethod):
    """Before one layer, keeps the half of the image that the whole sequence attended to most in the layer before."""

    needs: ClassVar[frozenset[str]] = frozenset({"full_attention", "image_places"})

    def acts_at(self, shape):
        return (LAYER,)

    def reduce(self, tokens: Tokens, attention, block):
        received = attention.full_attention.mean(dim=(1, 2)).gather(1, attention.image_places)
        return tokens.keep(in_order(top(received, tokens.count // 2)))


def products(method, model, prompt):
    """Multiply-accumulates by operator, of each layer's own attention and of each layer with all that it starts."""
    with method.apply(model) as handle, torch.inference_mode(), FlopCounterMode(display=False) as counter:
        next_word(model, prompt)
    counts, path = counter.get_flop_counts(), f"{type(model).__name__}.model.language_model.layers"

    def of(module):
        return Counter({str(operator).split(".")[1]: flops // 2 for operator, flops in counts[module].items()})

    layers = [of(f"{path}.{number}") for number in range(LAYERS)]
    return [of(f"{path}.{number}.self_attn") for number in range(LAYERS)], layers, handle.report()


def fused(counts):
    return sum(count for operator, count in counts.items() if "scaled_dot_product" in operator)


def test_full_attention_is_worked_out_once_and_beside_the_fused_kernel():
    model = make_llava()
    prompt = one_of(prompt_for(model), 0)
    length = prompt["input_ids"].shape[1]
    attention, layers, report = products(Looking(), model, prompt)
    sequence = [length - PATCHES + count for count in report.tokens_out]
    assert sequence == [length] * LAYER + [length - PATCHES // 2] * (LAYERS - LAYER)
    assert [fused(counts) for counts in attention] == [2 * HEADS * HEAD_DIM * count**2 for count in sequence]
    assert not any(counts["bmm"] for counts in attention)
    own = HEADS * HEAD_DIM * length**2
    assert [counts["bmm"] for counts in layers] == [own if number == LAYER else 0 for number in range(LAYERS)]
    with Looking().apply(model) as handle:
        assert count_macs(model, next_word, prompt, handle).own == own, "and is told apart"


@pytest.mark.parametrize("name", METHODS)
def test_every_method_leaves_every_layer_its_fused_kernel(name):
    model = make_llava()
    prompt = one_of(prompt_for(model), 0)
    length = prompt["input_ids"].shape[1]
    try:
        attention, _, report = products(fresh(name), model, prompt)
    except PrunariumError as reason:
        pytest.skip(str(reason))
    sequence = [length - PATCHES + count for count in report.tokens_out]
    assert [fused(counts) for counts in attention] == [2 * HEADS * HEAD_DIM * count**2 for count in sequence]
    assert not any(counts["bmm"] for counts in attention)
