"""``prunarium cache``: what a method leaves of a prompt in a file."""

import json
from pathlib import Path

import pytest
import torch

from prunarium import load, load_cache
from prunarium.bench.hub_texts import load_text_model
from tests.bench.text_directories import SENTENCE, save_decoder, save_encoder


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A decoder, an encoder and a prompt."""
    root = tmp_path_factory.mktemp("cache")
    save_decoder(root / "llama")
    save_encoder(root / "bert")
    (root / "prompt.txt").write_text(SENTENCE * 3)
    (root / "empty.txt").write_text(" \n")
    return root


def test_generation_goes_on_from_the_file(place, prunarium, tmp_path):
    words = ("cache", "h2o", place / "prompt.txt", "--model", place / "llama", "--budget", "0.48")
    done = prunarium(*words, "--output", tmp_path / "a.safetensors", "--json")
    assert done.code == 0, done.err
    told = json.loads(done.out)
    assert told["tokens"] == 25 and told["entries_by_layer"] == [12.0] * 3 and Path(told["path"]).is_file()
    hub = load_text_model(place / "llama", "AutoModelForCausalLM")
    ids = torch.tensor([hub.tokenizer(SENTENCE * 3)["input_ids"]])
    with load("h2o", capacity=12).apply(hub.model):
        at_once = hub.model.generate(ids, max_new_tokens=6)[:, 25:]
        kept = load_cache(str(tmp_path / "a.safetensors"), hub.model)
        assert torch.equal(hub.model.generate(**kept.going_on(), max_new_tokens=5), at_once)
    assert prunarium(*words, "--output", tmp_path / "a.safetensors").code == 1, "there is such a file already"
    done = prunarium(*words, "--output", tmp_path / "a.safetensors", "--force")
    assert done.err.startswith("12.0 of 25 entries left in each key head, ") and done.out == ""


FAULTS = {
    "an empty prompt": (("h2o", "{root}/empty.txt", "--model", "{root}/llama"), "empty.txt is empty: the tokenizer"),
    "no such prompt": (("h2o", "{root}/none.txt", "--model", "{root}/llama"), "none.txt: cannot be read as text"),
    "an encoder": (("h2o", "{root}/prompt.txt", "--model", "{root}/bert"), "bert: holds no language model"),
    "no directory": (("h2o", "{root}/prompt.txt", "--model", "{root}/gpt"), "there is no such directory"),
    "a method of another family": (("tome", "{root}/prompt.txt", "--model", "{root}/llama"), "ToMe does not work on"),
    "a method for text": (
        ("bm25", "{root}/prompt.txt", "--model", "{root}/llama"),
        "'prunarium compress bm25' runs it",
    ),
    "a budget below what stays": (
        ("snapkv", "{root}/prompt.txt", "--model", "{root}/llama", "--budget", "0.1"),
        "cannot reach budget 0.1",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_bad_input_is_one_line(name, place, prunarium, tmp_path):
    words, said = FAULTS[name]
    done = prunarium("cache", *(word.format(root=place) for word in words), "--output", tmp_path / "a.safetensors")
    assert done.code == 1 and said in done.err and done.err.count("\n") == 1, done.err
    assert not (tmp_path / "a.safetensors").exists()
