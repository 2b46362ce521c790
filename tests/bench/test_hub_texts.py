"""Text models from a directory: what is loaded, and every directory that is not one in one line."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from prunarium import PrunariumError
from prunarium.bench.hub_texts import family_of, load_text_model

from .text_directories import save_decoder, save_encoder, word_tokenizer

CLASSIFIER, DECODER = "AutoModelForSequenceClassification", "AutoModelForCausalLM"


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return save_encoder(tmp_path_factory.mktemp("hub") / "bert")


@pytest.fixture
def folder(kept, tmp_path):
    """A directory that a test may spoil."""
    return shutil.copytree(kept, tmp_path / "bert")


@pytest.mark.parametrize("kind", ["llama", "mistral", "qwen2", "qwen3", "gpt-neox", "opt"])
def test_decoders_come_back_from_the_disk(kind, tmp_path):
    hub = load_text_model(save_decoder(tmp_path / kind, kind), DECODER)
    assert family_of(tmp_path / kind) == "decoder" and hub.name == kind and hub.longest == 700 and hub.pad == 0
    assert hub.model.config._attn_implementation == "sdpa" and not hub.model.training


@pytest.mark.parametrize("kind", ["Bert", "Roberta", "DistilBert", "DebertaV2"])
def test_encoders_come_back_from_the_disk(kind, tmp_path):
    hub = load_text_model(save_encoder(tmp_path / kind, f"{kind}ForSequenceClassification"), CLASSIFIER)
    assert family_of(tmp_path / kind) == "encoder" and hub.longest == (79 if kind == "Roberta" else 80)


def test_rounded_weights_stay_rounded(kept, tmp_path):
    weights = {name: value.bfloat16() for name, value in load_file(kept / "model.safetensors").items()}
    folder = shutil.copytree(kept, tmp_path / "bert")
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    change(dtype="bfloat16")(folder)
    assert load_text_model(folder, CLASSIFIER).model.dtype == torch.bfloat16


def change(**values):
    def spoil(folder):
        found = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**found, **values}))

    return spoil


def remove(*names):
    return lambda folder: [(folder / name).unlink() for name in names]


def more_words(folder):
    tokenizer = word_tokenizer()
    larger = type(tokenizer).from_pretrained(folder)
    larger.add_tokens([f"more{number}" for number in range(9)])
    larger.save_pretrained(folder)


def no_head(folder):
    weights = load_file(folder / "model.safetensors")
    save_file({name: one for name, one in weights.items() if "classifier" not in name}, folder / "model.safetensors")


SPOILED = {
    "no directory": (shutil.rmtree, "there is no such directory; 'hf download REPOSITORY --local-dir DIR' makes one"),
    "no config": (remove("config.json"), "holds no config.json"),
    "a config of nothing": (change(model_type="birt"), "is of no model that transformers know"),
    "a model of another type": (change(model_type="albert"), "is of type 'albert'; text classification needs"),
    "no tokenizer": (
        remove("tokenizer.json", "tokenizer_config.json"),
        "holds no tokenizer; copy the one that belongs to the model there (tokenizer.json and tokenizer_config.json)",
    ),
    "a broken tokenizer": (
        lambda folder: (folder / "tokenizer.json").write_text("{"),
        "holds no tokenizer that can be",
    ),
    "a larger tokenizer": (more_words, "the tokenizer does not match the model: it has 69 tokens, the model 60"),
    "no weights": (remove("model.safetensors"), "its weights cannot be read"),
    "no head": (no_head, "its weights are not complete for text classification: classifier.bias and 1 more lack"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_a_directory_that_is_no_such_model(folder, name):
    spoil, words = SPOILED[name]
    spoil(folder)
    with pytest.raises(PrunariumError) as error:
        load_text_model(folder, CLASSIFIER)
    assert words in str(error.value) and "\n" not in str(error.value)
