"""TRIM on models: it is told the question, each image has its own, and it says what is missing."""

import pytest
import torch

from prunarium import PrunariumError, load

from .vlm_models import MODELS, PATCHES, generate, make_clip, one_of, prompt_for

QUESTIONS = {
    "input_ids": torch.tensor([[1, 3, 4, 2], [1, 5, 2, 2]]),
    "attention_mask": torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]]),
}


def question(number):
    return {name: part[number : number + 1] for name, part in QUESTIONS.items()}


@pytest.mark.parametrize("kind", ["llava", "llava-next"])
@torch.inference_mode()
def test_each_image_has_its_question(kind):
    model, clip = MODELS[kind](), make_clip()
    prompt = prompt_for(model)
    trim = load("trim", keep_rate=0.25)
    with trim.ask(clip, **QUESTIONS).apply(model) as handle:
        together = model(**prompt).logits
        tokens = handle.report().tokens_out[0]
    for number in range(2):
        with trim.ask(clip, **question(number)).apply(model):
            alone = model(**one_of(prompt, number)).logits
        assert (together[number] - alone[0]).abs().max() <= 1e-5
    with trim.ask(clip, **question(0)).apply(model):
        assert (model(**prompt).logits[1] - together[1]).abs().max() > 1e-3
    if kind == "llava":
        assert tokens == PATCHES // 4 + 1  # and the mean of the others


@pytest.mark.parametrize("kind", ["llava", "llava-next"])
@torch.inference_mode()
def test_by_itself_it_keeps_what_stands_out_and_everything_when_told(kind):
    model = MODELS[kind]()
    prompt = one_of(prompt_for(model), 0)
    trim, plain = load("trim").ask(make_clip(), **question(0)), generate(model, prompt)
    with trim.apply(model) as handle:
        generate(model, prompt)
        assert 0 < handle.report().budget < 0.5
    with trim.knob(1.0, None).apply(model):
        assert torch.equal(generate(model, prompt), plain)


def test_the_question_is_read_as_clip_reads_it():
    clip = make_clip()
    asked = load("trim").ask(clip, **QUESTIONS)
    assert torch.equal(asked._question.text, clip.get_text_features(**QUESTIONS).pooler_output)


@torch.inference_mode()
def test_errors_say_what_to_do():
    model, clip = MODELS["llava"](), make_clip()
    with pytest.raises(PrunariumError, match="TRIM needs the question"):
        load("trim").apply(model)
    with pytest.raises(PrunariumError, match="patches of 12 numbers and the model's vision tower of 32"):
        load("trim").ask(make_clip(12), **QUESTIONS).apply(model)
    with pytest.raises(PrunariumError, match="not with CLIPVisionModel"):
        load("trim").ask(clip.vision_model, **QUESTIONS)
    prompt = prompt_for(model)
    with load("trim", keep_rate=0.5).ask(clip, **QUESTIONS).apply(model):
        model(**prompt)
        with pytest.raises(PrunariumError, match="asked 2 questions; image 3 has none"):
            model(**prompt)
