"""Vision-language models from a directory: what is loaded, and every directory that is not one in one line."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

from prunarium import PrunariumError, load
from prunarium.bench.hub_models import is_directory, load_directory
from prunarium.bench.workloads import workload_for

from .hub_directories import MODELS, PINPOINTS, picture, processor, save, template, tokenizer


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """One directory of each kind of model."""
    root = tmp_path_factory.mktemp("hub")
    return {kind: save(root / kind, kind) for kind in MODELS}


@pytest.fixture
def llava_copy(kept, tmp_path):
    """A directory that a test may spoil."""
    return shutil.copytree(kept["llava"], tmp_path / "llava")


@pytest.mark.parametrize("kind", MODELS)
def test_a_model_comes_back_from_the_disk(kept, kind):
    hub = load_directory(kept[kind])
    made = MODELS[kind]().state_dict()
    assert hub.name == kind and hub.model.state_dict().keys() == made.keys()
    assert all(torch.equal(found, made[name]) for name, found in hub.model.state_dict().items())
    assert hub.model.config._attn_implementation == "sdpa" and not hub.model.training


def test_a_directory_of_the_cache_has_the_name_of_its_repository(kept, tmp_path):
    folder = tmp_path / "models--llava-hf--llava-1.5-7b-hf" / "snapshots" / ("0" * 40)
    assert load_directory(shutil.copytree(kept["llava"], folder)).name == "llava-1.5-7b-hf"


def test_what_is_a_directory(tmp_path, monkeypatch):
    """A folder that is named like a timm model is not taken for one without a slash."""
    monkeypatch.chdir(tmp_path)
    for name in ("mine", "vit_tiny_patch16_224"):
        (tmp_path / name).mkdir()
    assert [is_directory(name) for name in ("mine", "./mine", "there/is/none", "deit_small_patch16_224")] == [
        True,
        True,
        True,
        False,
    ]
    assert not is_directory("vit_tiny_patch16_224") and is_directory("./vit_tiny_patch16_224")


def test_generation_is_greedy_whatever_the_files_say(llava_copy):
    GenerationConfig(do_sample=True, temperature=2.0, repetition_penalty=1.5, eos_token_id=[2, 5]).save_pretrained(
        llava_copy
    )
    model = load_directory(llava_copy).model
    given = model.generation_config
    assert not given.do_sample and given.repetition_penalty in (None, 1.0)
    assert given.eos_token_id == [2, 5] and given.pad_token_id is not None


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_precision_rounds_what_is_saved_and_nothing_else(kept, precision):
    """Rotary frequencies are worked out, not saved: rounding them would move every token."""
    workload = workload_for(model=str(kept["qwen2.5-vl"]), precision=precision)
    dtype = getattr(torch, precision)
    assert {value.dtype for value in workload.model.state_dict().values()} == {dtype}
    frequencies = [value for name, value in workload.model.named_buffers() if name.endswith("inv_freq")]
    assert frequencies and all(value.dtype == torch.float32 for value in frequencies)
    scores = workload.answer(workload.model, workload.data.batch(0, 1, workload.device))
    assert scores.dtype == torch.float32 and scores.isfinite().all()


def test_weights_have_one_hash_in_every_precision(kept):
    found = {workload_for(model=str(kept["llava"]), precision=one).weights for one in ("float32", "float16")}
    assert len(found) == 1


def text_only(folder):
    shutil.rmtree(folder)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 16}
    LlamaForCausalLM(LlamaConfig(**sizes, vocab_size=60)).save_pretrained(folder)
    tokenizer().save_pretrained(folder)


def change(file, **values):
    def spoil(folder):
        found = json.loads((folder / file).read_text())
        (folder / file).write_text(json.dumps({**found, **values}))

    return spoil


def other_processor(kind):
    def spoil(folder):
        for file in ("processor_config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
            (folder / file).unlink()
        processor(kind).save_pretrained(folder)

    return spoil


def fewer_weights(folder):
    weights = load_file(folder / "model.safetensors")
    kept = {name: value for name, value in weights.items() if "multi_modal_projector" not in name}
    save_file(kept, folder / "model.safetensors", {"format": "pt"})


def other_words(folder):
    made = processor("llava")
    made.tokenizer.add_tokens([f"<more {number}>" for number in range(9)])
    made.save_pretrained(folder)


SPOILED = {
    "no directory": (shutil.rmtree, "there is no such directory; 'hf download REPOSITORY --local-dir DIR' makes one"),
    "no config": (lambda folder: (folder / "config.json").unlink(), "holds no config.json"),
    "a config of nothing": (change("config.json", model_type="lava"), "is of no model that transformers know"),
    "a text-only model": (text_only, "is a text-only model, of type 'llama' (did you mean 'llava'?); vision-language"),
    "another vision-language model": (change("config.json", model_type="video_llava"), "is of type 'video_llava'"),
    "no weights": (lambda folder: (folder / "model.safetensors").unlink(), "its weights cannot be read"),
    "broken weights": (lambda folder: (folder / "model.safetensors").write_bytes(b"0" * 99), "cannot be read"),
    "fewer weights": (fewer_weights, "its weights are not complete: model.multi_modal_projector.linear_1.bias and 3 "),
    "no processor": (lambda folder: (folder / "processor_config.json").unlink(), "holds no processor that can be read"),
    "a processor of another kind": (
        other_processor("llava-next"),
        "the processor does not match the model: it is a LlavaNextProcessor, the model, a llava, needs a LlavaP",
    ),
    "another image token": (change("config.json", image_token_index=7), "its image token is 59, the model's 7"),
    "a larger tokenizer": (other_words, "the processor does not match the model: its tokenizer has 69 tokens, the"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_a_directory_that_is_no_such_model(llava_copy, name):
    spoil, words = SPOILED[name]
    spoil(llava_copy)
    with pytest.raises(PrunariumError) as error:
        load_directory(llava_copy)
    assert words in str(error.value) and "\n" not in str(error.value)


def test_a_processor_that_cuts_other_images(llava_copy):
    """Found when the first prompt is read: its placeholders are not as many as the image has tokens."""
    change("processor_config.json", patch_size=6)(llava_copy)
    work = workload_for(model=str(llava_copy))
    inputs = work.data.batch(0, 1, work.device)
    with load("identity").apply(work.model), pytest.raises(PrunariumError) as error:
        work.answer(work.model, inputs)
    assert "its images make 36 tokens: the processor does not match the model" in str(error.value)


def test_prompts_of_people(kept, llava_copy):
    hub = load_directory(kept["llava"])
    assert hub.prompt("what is it ?") == "user <image> what is it ? assistant"
    assert hub.prompt("<image> what") == "<image> what", "a prompt that says where the image belongs stays as it is"
    (llava_copy / "chat_template.jinja").write_text(template("<image>").replace("<image>", ""))
    with pytest.raises(PrunariumError, match=r"makes a prompt without an image, with no <image> in it"):
        load_directory(llava_copy).prompt("what is it ?")
    (llava_copy / "chat_template.jinja").unlink()
    with pytest.raises(
        PrunariumError, match=r"has no chat template; add chat_template.jinja to the directory, or give"
    ):
        load_directory(llava_copy).prompt("what is it ?")


@pytest.mark.parametrize("kind", MODELS)
def test_an_image_is_shown_as_its_patches_are_cut(kept, kind):
    work = workload_for(model=str(kept[kind]), prompt="what is it ?")
    seen = work.data.images[0]
    with load("identity").apply(work.model) as handle:
        work.answer(work.model, work.data.batch(0, 1, work.device))
    patches = seen.shape[0] // work.patch * (seen.shape[1] // work.patch)
    tokens = handle.report().tokens_in[0]
    assert patches == tokens if kind != "llava-next" else patches == 36 < tokens, "of tiles, the thumbnail alone"


def test_images_with_different_numbers_of_tokens_are_run_one_at_a_time(kept):
    """Two images of different tile counts."""
    hub = load_directory(kept["llava-next"])
    text = hub.prompt("what is it ?")
    assert [40, 24] not in PINPOINTS
    inputs = hub.processor(
        text=[text, text], images=[picture(0, (24, 48)), picture(1, (48, 48))], padding=True, return_tensors="pt"
    )
    assert (inputs["pixel_values"].shape[1], len(inputs["image_sizes"])) == (5, 2)
    with load("fastv").apply(hub.model), pytest.raises(PrunariumError, match=r"need equally many image tokens, not \["):
        hub.model(**inputs)


def test_an_image_that_has_no_place_in_the_prompt(kept):
    """And a place without an image."""
    hub = load_directory(kept["llava"])
    inputs = hub.processor(text=[hub.prompt("what is it ?")], images=[picture(0)], return_tensors="pt")
    with load("fastv").apply(hub.model):
        with pytest.raises(PrunariumError, match=r"the prompt has no place for its image: there is no token 59 in it"):
            hub.model(input_ids=torch.tensor([[1, 5, 6]]), pixel_values=inputs["pixel_values"])
        with pytest.raises(PrunariumError, match=r"has 36 image placeholders and no image; pass pixel_values"):
            hub.model(input_ids=inputs["input_ids"])
