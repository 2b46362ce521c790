"""Gist, ICAE and AutoCompressors beside stock models that are led by hand through what the papers say."""

import copy

import pytest
import torch

from prunarium import load
from prunarium.families import shape_of
from tests.families.decoder_models import TOKENS, make, prompts

QUESTION, ROTARY = 5, ["llama", "qwen2", "gpt-neox"]
CONTEXT = TOKENS - QUESTION


def learned(method, model):
    """The method's parts, as they are where it is applied; what begins as zeros is drawn."""
    method = method.fit(shape_of(method, model))
    draw = torch.Generator().manual_seed(4)
    with torch.no_grad():
        for name, part in method.learned.named_parameters():
            if name.endswith("up") or name == "tokens":
                part.copy_(torch.randn(part.shape, generator=draw) * 0.5)
    return method, method.learned


def answer(method, model):
    """Logits of the question's tokens, behind what stands for the rest."""
    with method.apply(model):
        return model(prompts()).logits


def embedded(model):
    return model.get_input_embeddings()(prompts())


def hidden_after(model, embeddings):
    """What leaves the last layer of a stock model that reads embeddings."""
    return model(inputs_embeds=embeddings, output_hidden_states=True).hidden_states[-1]


@pytest.mark.parametrize("kind", [*ROTARY, "opt"])
@torch.inference_mode()
def test_gist_is_one_reading_under_the_gist_mask(kind):
    model, number = make(kind), 4
    method, parts = learned(load("gist", weights="random", capacity=QUESTION + number), model)
    found = answer(method, model)
    tokens, gists = embedded(model), parts["tokens"][:number].expand(2, -1, -1)
    whole = torch.cat([tokens[:, :CONTEXT], gists, tokens[:, CONTEXT:]], dim=1)
    length = TOKENS + number
    seen = torch.ones(length, length, dtype=torch.bool).tril()
    seen[CONTEXT + number :, :CONTEXT] = False
    positions = torch.arange(length).expand(2, -1)
    due = by_mask(model, whole, seen, positions)
    assert (found - due[:, -QUESTION:]).abs().max() < 1e-4
    assert (due[:, -1] - model(prompts()).logits[:, -1]).abs().max() > 1e-2


def by_mask(model, embeddings, seen, positions):
    """Logits of a stock model under a mask ``[tokens, tokens]``, true where a token is seen."""
    mask = torch.zeros(seen.shape).masked_fill(~seen, torch.finfo(torch.float32).min)

    def masked(module, args, kwargs):
        return args, {**kwargs, "attention_mask": mask[None, None]}

    hooks = [layer.register_forward_pre_hook(masked, with_kwargs=True) for layer in attentions(model)]
    try:
        return model(inputs_embeds=embeddings, position_ids=positions, use_cache=False).logits
    finally:
        for hook in hooks:
            hook.remove()


@pytest.mark.parametrize("kind", [*ROTARY, "opt"])
@torch.inference_mode()
def test_icae_writes_with_adapters_and_reads_without(kind):
    model, number = make(kind), 3
    method, parts = learned(load("icae", weights="random", capacity=QUESTION + number, rank=2), model)
    found = answer(method, model)
    writer = copy.deepcopy(model)
    for layer, adapters in zip(attentions(writer), parts.get_submodule("adapters"), strict=True):
        for name, adapter in adapters.items():
            getattr(layer, name).weight += adapter.up @ adapter.down
    tokens, memory = embedded(model), parts["tokens"][:number].expand(2, -1, -1)
    slots = hidden_after(writer, torch.cat([tokens[:, :CONTEXT], memory], dim=1))[:, -number:]
    due = model(inputs_embeds=torch.cat([slots, tokens[:, CONTEXT:]], dim=1)).logits[:, -QUESTION:]
    assert (found - due).abs().max() < 1e-4
    plain = hidden_after(model, torch.cat([tokens[:, :CONTEXT], memory], dim=1))[:, -number:]
    assert (plain - slots).abs().max() > 1e-2, "the adapters change what is written"


def attentions(model):
    """The attention of every layer."""
    if hasattr(model, "gpt_neox"):
        return [layer.attention for layer in model.gpt_neox.layers]
    reader = model.model.decoder if hasattr(model.model, "decoder") else model.model
    return [layer.self_attn for layer in reader.layers]


@pytest.mark.parametrize("kind", [*ROTARY, "opt"])
@torch.inference_mode()
def test_summaries_of_earlier_segments_come_before_each_segment(kind):
    """19 tokens are segments of 7, 6 and 6; of 7 vectors they get 2, 2 and 3."""
    model = make(kind)
    method, parts = learned(load("autocompressors", weights="random", capacity=QUESTION + 7, segment=7), model)
    found = answer(method, model)
    tokens, vectors = embedded(model), parts["tokens"].expand(2, -1, -1)
    summaries, start = tokens[:, :0], 0
    for length, number in ((7, 2), (6, 2), (6, 3)):
        read = torch.cat([summaries, tokens[:, start : start + length], vectors[:, :number]], dim=1)
        summaries = torch.cat([summaries, hidden_after(model, read)[:, -number:]], dim=1)
        start += length
    due = model(inputs_embeds=torch.cat([summaries, tokens[:, CONTEXT:]], dim=1)).logits[:, -QUESTION:]
    assert (found - due).abs().max() < 1e-4
