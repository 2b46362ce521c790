"""A cache that a method left, written to a file: what is said after it is what would have been said at once."""

import pytest
import torch
from safetensors.torch import save_file
from transformers import DynamicCache, StaticCache

from prunarium import PrunariumError, load, load_cache, save_cache

from .decoder_models import generate, make, padded, prompts

NEW = 8
METHODS = {
    "knorm": {"keep_rate": 0.5},
    "snapkv": {"keep_rate": 0.5, "window": 4},
    "pyramidkv": {"keep_rate": 0.5, "window": 4},
    "h2o": {"keep_rate": 0.4},
    "streamingllm": {"keep_rate": 0.4},
    "tova": {"keep_rate": 0.4},
    "selective-attention": {"keep_rate": 0.4},
    "mixture-of-depths": {"weights": "random", "keep_rate": 0.4},
    "dynamic-context-pruning": {"weights": "random", "leniency": -1.9},
    "gemfilter": {"keep_rate": 0.5},
    "identity": {},
}


def read(model, inputs):
    """What a prompt leaves, and the word after it."""
    inputs = inputs if isinstance(inputs, dict) else {"input_ids": inputs}
    with torch.inference_mode():
        output = model(**inputs, use_cache=True)
    return output.past_key_values, output.logits[:, -1:].argmax(dim=-1)


def go_on(kept, model):
    return model.generate(**kept.going_on(), max_new_tokens=NEW - 1, do_sample=False)


@pytest.mark.parametrize("batch", ["one", "padded"])
@pytest.mark.parametrize("name", METHODS)
def test_what_follows_a_reloaded_cache_is_what_follows_in_one_go(name, batch, tmp_path):
    if name in ("gemfilter", "identity") and batch == "padded":
        pytest.skip("reads other tokens of each sample anew; without a method nobody notes the padding")
    model, method = make(), load(name, **METHODS[name])
    inputs = prompts(1) if batch == "one" else padded()
    with method.apply(model):
        at_once = generate(model, inputs, NEW)
        cache, words = read(model, inputs)
        save_cache(tmp_path / "cache.safetensors", cache, words, model, method=repr(method))
    kept = load_cache(tmp_path / "cache.safetensors", model)
    assert kept.about["method"] == repr(method) and kept.cache is not cache
    with method.apply(model):
        assert torch.equal(go_on(kept, model), at_once)


@pytest.mark.parametrize("kind", ["llama", "qwen3", "gpt-neox", "opt"])
def test_a_plain_cache_needs_no_method(kind, tmp_path):
    model, method = make(kind), load("knorm", keep_rate=0.5, bounded=False)
    inputs = prompts(1)
    with method.apply(model):
        at_once = generate(model, inputs, NEW)
        save_cache(tmp_path / "cache.safetensors", *read(model, inputs), model)
    kept = load_cache(tmp_path / "cache.safetensors", model, plain=True)
    assert type(kept.cache) is DynamicCache and kept.cache.get_seq_length() == 12 and kept.position.item() == 24
    assert torch.equal(go_on(kept, model), at_once)


def test_a_plain_cache_whose_keys_are_turned_to_their_places(tmp_path):
    model, method = make(), load("streamingllm", keep_rate=0.5, bounded=False)
    with method.apply(model):
        at_once = generate(model, prompts(1), NEW)
        save_cache(tmp_path / "cache.safetensors", *read(model, prompts(1)), model)
    kept = load_cache(tmp_path / "cache.safetensors", model, plain=True)
    assert kept.position.item() == 12
    assert torch.equal(go_on(kept, model), at_once)


def test_a_cache_of_words_too(tmp_path):
    """Written when some words have been said already."""
    model, method = make(), load("h2o", keep_rate=0.4)
    with method.apply(model), torch.inference_mode():
        at_once = generate(model, prompts(1), NEW)
        cache, words = read(model, prompts(1))
        for _ in range(2):
            words = model(input_ids=words, past_key_values=cache, use_cache=True).logits[:, -1:].argmax(dim=-1)
        save_cache(tmp_path / "cache.safetensors", cache, words, model)
    kept = load_cache(tmp_path / "cache.safetensors", model)
    with method.apply(model):
        rest = model.generate(**kept.going_on(), max_new_tokens=NEW - 3, do_sample=False)
    assert torch.equal(rest, at_once[:, 2:])


def static(folder, model):
    cache = StaticCache(model.config, max_cache_len=30)
    save_cache(folder / "a.safetensors", cache, torch.ones(1, 1), model)


def empty(folder, model):
    save_cache(folder / "a.safetensors", DynamicCache(), torch.ones(1, 1), model)


def missing(folder, model):
    load_cache(folder / "a.safetensors", model)


def no_tensors(folder, model):
    (folder / "a.safetensors").write_bytes(b"no")
    load_cache(folder / "a.safetensors", model)


def of_somebody(folder, model):
    save_file({"a": torch.ones(1)}, folder / "a.safetensors")
    load_cache(folder / "a.safetensors", model)


def kept_by(folder, model, name, **parameters):
    with load(name, **parameters).apply(model):
        save_cache(folder / "a.safetensors", *read(model, prompts(1)), model)
    return folder / "a.safetensors"


def of_another_model(folder, model):
    load_cache(kept_by(folder, model, "knorm"), make("mistral", vocab_size=61))


def uneven(folder, model):
    load_cache(kept_by(folder, model, "pyramidkv", keep_rate=0.5, window=4), model, plain=True)


def without_the_method(folder, model):
    go_on(load_cache(kept_by(folder, model, "snapkv", keep_rate=0.5, window=4), model), model)


FAULTS = {
    without_the_method: "is no longer in the model; go on inside its 'with' block",
    static: "use a dynamic cache",
    empty: "the cache is empty; let the model read a prompt",
    missing: "there is no such file; 'prunarium cache' writes one",
    no_tensors: "is no safetensors file that can be read",
    of_somebody: "is no cache of 'prunarium cache 1'",
    of_another_model: "was made by another model, or in another precision",
    uneven: "hold different numbers of entries, which no untouched model can read",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_one_line(fault, tmp_path):
    with pytest.raises(PrunariumError) as error:
        fault(tmp_path, make())
    assert FAULTS[fault] in str(error.value) and "\n" not in str(error.value)
