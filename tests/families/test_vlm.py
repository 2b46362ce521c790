"""The vlm family on transformers' Llava: generation, cache, padding, and back to the untouched model."""

import pytest
import torch
from transformers import DynamicCache, StaticCache

from prunarium import PrunariumError, load
from prunarium.families import shape_of, with_budget

METHODS = {
    "fastv": {"layer": 2, "drop_rate": 0.5},
    "random": {"keep_rate": 0.5},
    "identity": {},
}


def generate(model, prompt, new=8, **options):
    return model.generate(**prompt, max_new_tokens=new, do_sample=False, **options)[:, prompt["input_ids"].shape[1] :]


@pytest.mark.parametrize("name, nothing", [("fastv", {"drop_rate": 0}), ("random", {"keep_rate": 1}), ("identity", {})])
@torch.inference_mode()
def test_nothing_reduced_equals_the_untouched_model(llava, prompt, name, nothing):
    logits, words = llava(**prompt).logits, generate(llava, prompt, 32)
    with load(name, **nothing).apply(llava):
        assert (llava(**prompt).logits - logits).abs().max() <= 1e-5
        assert torch.equal(generate(llava, prompt, 32), words)
    assert torch.equal(llava(**prompt).logits, logits)
    assert torch.equal(generate(llava, prompt, 32), words)


@pytest.mark.parametrize("name", METHODS)
@torch.inference_mode()
def test_restored_after_an_exception(llava, prompt, name):
    before = llava(**prompt).logits
    with pytest.raises(RuntimeError, match="mine"), load(name, **METHODS[name]).apply(llava):
        generate(llava, prompt)
        raise RuntimeError("mine")
    assert torch.equal(llava(**prompt).logits, before)
    assert not any("forward" in vars(module) for module in llava.modules())
    hooks = [hook for m in llava.modules() for hook in (*m._forward_hooks.values(), *m._forward_pre_hooks.values())]
    assert not any("prunarium" in repr(hook) for hook in hooks)


@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
@pytest.mark.parametrize("name", ["fastv", "random"])
@torch.inference_mode()
def test_batch_and_left_padding_change_nothing_per_sample(llava, prompt, name, implementation):
    llava.set_attn_implementation(implementation)
    method = load(name, **METHODS[name])
    with method.apply(llava):
        together = generate(llava, prompt)
        first = llava(**prompt).logits[:, -1]
    with method.apply(llava):
        alone = [generate(llava, {key: value[i : i + 1] for key, value in prompt.items()}) for i in range(2)]
    assert torch.equal(together, torch.cat(alone))

    pad = torch.zeros(2, 3, dtype=torch.long)
    padded = {
        "input_ids": torch.cat([pad, prompt["input_ids"]], dim=1),
        "attention_mask": torch.cat([pad, torch.ones_like(prompt["input_ids"])], dim=1),
        "pixel_values": prompt["pixel_values"],
    }
    with method.apply(llava):
        assert torch.equal(generate(llava, padded), together)
    position = (padded["attention_mask"].cumsum(-1) - 1).clamp(min=0)
    with method.apply(llava):
        logits = llava(**padded, position_ids=position).logits[:, -1]
    if name == "fastv":
        assert (logits - first).abs().max() <= 1e-4


@torch.inference_mode()
def test_cache_holds_fewer_tokens_from_the_layer_on(llava, prompt):
    with load("fastv", layer=3, drop_rate=0.75).apply(llava) as handle:
        cache = DynamicCache(config=llava.config.text_config)
        llava(**prompt, past_key_values=cache, use_cache=True)
        assert handle.report().tokens_out == [16, 16, 16, 4, 4, 4]
        assert [layer.keys.shape[2] for layer in cache.layers] == [26, 26, 26, 14, 14, 14]
        llava(input_ids=torch.tensor([[7], [8]]), past_key_values=cache, use_cache=True)
        assert [layer.keys.shape[2] for layer in cache.layers] == [27, 27, 27, 15, 15, 15]
    home = handle.source()
    assert ((home >= 0).sum(dim=1) == 4).all()


@torch.inference_mode()
def test_beam_search_and_text_only_prompts(llava, prompt):
    text = {"input_ids": torch.tensor([[1, 5, 9, 11]])}
    plain = generate(llava, text)
    with load("fastv", drop_rate=0.5).apply(llava) as handle:
        beams = generate(llava, prompt, num_beams=3)
        alone = [generate(llava, {k: v[i : i + 1] for k, v in prompt.items()}, num_beams=3) for i in range(2)]
        assert torch.equal(beams, torch.cat(alone))
        assert torch.equal(generate(llava, text), plain)
        assert handle.report().tokens_out == [0] * 6


@torch.inference_mode()
def test_ragged_prompts_and_a_continued_chat(llava, prompt):
    """Prompts of different length in one batch, and more text on the cache: as one by one, as word by word."""
    ids, short = prompt["input_ids"], prompt["input_ids"][1:, 3:]
    ragged = {
        "input_ids": torch.cat([ids[:1], torch.cat([torch.zeros(1, 3, dtype=torch.long), short], 1)]),
        "attention_mask": torch.tensor([[1] * 26, [0] * 3 + [1] * 23]),
        "pixel_values": prompt["pixel_values"],
    }
    more = torch.tensor([[5, 6, 7]])
    with load("fastv", drop_rate=0.5).apply(llava):
        together = generate(llava, ragged)
        first = generate(llava, {k: v[:1] for k, v in prompt.items()})
        second = generate(llava, {"input_ids": short, "pixel_values": prompt["pixel_values"][1:]})
        assert torch.equal(together, torch.cat([first, second]))

        one = {k: v[:1] for k, v in prompt.items()}
        at_once = llava(**one, use_cache=True).past_key_values
        logits = llava(input_ids=more, past_key_values=at_once).logits[:, -1]
        by_word = llava(**one, use_cache=True).past_key_values
        for word in more[0]:
            step = llava(input_ids=word.view(1, 1), past_key_values=by_word).logits[:, -1]
        assert (logits - step).abs().max() <= 1e-5


@torch.inference_mode()
def test_with_budget(llava, prompt):
    from dataclasses import replace

    shape = replace(shape_of(load("fastv"), llava), tokens=16)
    for budget in (0.75, 0.5):
        with with_budget(load("fastv"), budget, shape).apply(llava) as handle:
            llava(**prompt)
        assert abs(handle.report().budget - budget) <= 0.01
    with pytest.raises(PrunariumError, match=r"cannot reach budget 0.25; the nearest it comes is 0.3"):
        with_budget(load("fastv"), 0.25, shape)


@torch.inference_mode()
def test_errors_say_what_to_do(llava, prompt, vit):
    with pytest.raises(PrunariumError, match="FastV does not work on VisionTransformer; it works on: transf"):
        load("fastv").apply(vit)
    with pytest.raises(PrunariumError, match="ToMe does not work on LlavaForConditionalGeneration"):
        load("tome").apply(llava)
    with pytest.raises(PrunariumError, match="block 6 does not exist"):
        load("fastv", layer=6).apply(llava)
    with load("fastv").apply(llava):
        with pytest.raises(PrunariumError, match="already applied"):
            load("random").apply(llava)
        embeds = llava.get_input_embeddings()(prompt["input_ids"])
        with pytest.raises(PrunariumError, match="pass input_ids, not inputs_embeds"):
            llava(inputs_embeds=embeds)
        right = torch.ones_like(prompt["input_ids"])
        right[0, -2:] = 0
        with pytest.raises(PrunariumError, match="pad on the left"):
            llava(**prompt, attention_mask=right)
        uneven = prompt["input_ids"].clone()
        uneven[0, 5] = 7
        with pytest.raises(PrunariumError, match=r"equally many image tokens, not \[15, 16\]"):
            llava(input_ids=uneven)
        cache = StaticCache(config=llava.config.text_config, max_cache_len=40)
        with pytest.raises(PrunariumError, match="dynamic cache"):
            llava(**prompt, past_key_values=cache)
        cache = DynamicCache(config=llava.config.text_config)
        llava(**prompt, past_key_values=cache, use_cache=True)
        with pytest.raises(PrunariumError, match="image after the first prompt"):
            llava(**prompt, past_key_values=cache, use_cache=True)
        llava(**prompt, past_key_values=DynamicCache(config=llava.config.text_config), use_cache=True)
        with pytest.raises(PrunariumError, match="this cache is not of the last prompt"):
            llava(input_ids=torch.tensor([[7], [8]]), past_key_values=cache, use_cache=True)
        with pytest.raises(PrunariumError, match="labels have no place"):
            llava(**prompt, labels=prompt["input_ids"])
        with pytest.raises(PrunariumError, match="the batch is empty"):
            llava(input_ids=prompt["input_ids"][:0])
        for option in ({"prompt_lookup_num_tokens": 3}, {"prefill_chunk_size": 8}):
            with pytest.raises(PrunariumError, match="is not supported while a method is applied"):
                generate(llava, prompt, **option)
