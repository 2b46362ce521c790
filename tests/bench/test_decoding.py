"""Words after a prompt: they are the same with and without a method, and every time is on a cache just filled."""

from itertools import pairwise

import pytest
import torch

from prunarium import load
from prunarium.bench.cells import Cell, prepare
from prunarium.bench.decoding import WORDS, decode_speeds, say
from prunarium.bench.kv_cache import read_prompt
from prunarium.bench.timing import WARM_UP
from tests.families.test_vlm_cache import Evicting
from tests.families.vlm_models import MODELS, make_llava, one_of, prompt_for

from .few_layers import NAME, known


def last_logits(model, run):
    """What the word head said last."""
    said = []
    hook = model.lm_head.register_forward_hook(lambda module, args, output: said.append(output[:, -1]))
    run()
    hook.remove()
    return said[-1]


@pytest.mark.parametrize("kind", MODELS)
@torch.inference_mode()
def test_the_words_are_those_of_one_long_prompt(kind):
    """The prompt's last token, over and over, each at its own position."""
    model = MODELS[kind]()
    prompt = one_of(prompt_for(model), 0)
    cache = read_prompt(model, prompt)
    said = last_logits(model, lambda: say(model, prompt, cache, words=3))
    ids = torch.cat([prompt["input_ids"], prompt["input_ids"][:, -1:].expand(-1, 3)], dim=1)
    whole = {**prompt, "input_ids": ids}
    if "mm_token_type_ids" in prompt:
        whole["mm_token_type_ids"] = torch.nn.functional.pad(prompt["mm_token_type_ids"], (0, 3))
    assert (said - model(**whole).logits[:, -1]).abs().max() <= 1e-5


@pytest.mark.parametrize("method", [load("fastv"), load("random"), Evicting()], ids=repr)
@pytest.mark.parametrize("kind", MODELS)
@torch.inference_mode()
def test_every_word_is_added_to_every_layer(kind, method):
    model = MODELS[kind]()
    prompt = one_of(prompt_for(model), 0)
    with method.apply(model):
        cache = read_prompt(model, prompt)
        before = [layer.keys.shape[2] for layer in cache.layers]
        say(model, prompt, cache)
    assert [layer.keys.shape[2] for layer in cache.layers] == [count + WORDS for count in before]
    assert before[-1] < prompt["input_ids"].shape[1]


@torch.inference_mode()
def test_padding_is_not_seen():
    model = make_llava()
    prompt = one_of(prompt_for(model), 0)
    pad = torch.zeros(1, 3, dtype=torch.long)
    padded = {
        "input_ids": torch.cat([pad, prompt["input_ids"]], dim=1),
        "attention_mask": torch.cat([pad, torch.ones_like(prompt["input_ids"])], dim=1),
        "pixel_values": prompt["pixel_values"],
    }
    with load("fastv").apply(model):
        logits = []
        for one in (prompt, padded):
            cache = read_prompt(model, one)
            logits.append(last_logits(model, lambda one=one, cache=cache: say(model, one, cache)))
    assert (logits[0] - logits[1]).abs().max() <= 1e-5


def test_every_time_follows_one_reading_of_the_prompt(monkeypatch):
    """Of the untouched model and of each method alike, in turns."""
    known(monkeypatch)
    workload = prepare(Cell(method="fastv", model=NAME, parameters={"layer": 1}, threads=1)).run.workload
    lengths = []
    workload.model.register_forward_pre_hook(
        lambda module, args, kwargs: lengths.append(kwargs["input_ids"].shape[1]), with_kwargs=True
    )
    methods = [load("fastv", layer=1), load("random")]
    one, other = decode_speeds(methods, workload, size=2, about=0)
    prompt = workload.data.inputs["input_ids"].shape[1]
    assert lengths[0] == prompt, "how long reading takes"
    starts = [place for place, length in enumerate(lengths) if length == prompt]
    turns = [stop - start - 1 for start, stop in pairwise([*starts[1:], len(lengths)])]
    assert all(length == 1 for place, length in enumerate(lengths) if place not in starts)
    apart = [WORDS + 1] + [WORDS] * (one.own_ms.repeats - 1)
    timed = [WORDS] * 3 * (one.ratio.repeats + WARM_UP)
    assert turns == [*timed, WORDS + 1, *apart, *apart], "one more where memory is told"
    assert one.words == other.words == WORDS
    assert one.baseline_ms == other.baseline_ms, "one untouched model for all"
    assert one.cache_bytes < one.cache_bytes_baseline == other.cache_bytes_baseline


def test_a_model_without_words_has_no_such_time():
    cell = Cell(method="tome", benchmark="cluttered-digits", samples=20, seconds=0, batch_sizes=(1,), threads=1)
    assert [speed.decode for speed in prepare(cell).run._speeds()] == [None]
