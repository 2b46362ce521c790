"""Victor against the layers of the untouched language model, run one by one."""

import pytest
import torch

from prunarium import load
from prunarium.families import shape_of
from tests.families.vlm_models import IMAGE, PATCHES, make_llava, one_of, prompt_for

NUMBER = 5


def literal(model, prompt, registers, leaves_before):
    """Logits of a prompt with one image: registers behind it, and without it from one layer on."""
    language, ids = model.model.language_model, prompt["input_ids"]
    image = model.model.get_image_features(prompt["pixel_values"], return_dict=True).pooler_output[0]
    words, first = language.embed_tokens(ids[0]), int((ids[0] == IMAGE).nonzero()[0])
    rows = [words[:first], image, registers, words[first + PATCHES :]]
    hidden = torch.cat(rows).unsqueeze(0)
    position = torch.arange(hidden.shape[1]).unsqueeze(0)
    for number, layer in enumerate(language.layers):
        if number == leaves_before:
            stays = torch.ones(hidden.shape[1], dtype=torch.bool)
            stays[first : first + PATCHES] = False
            hidden, position = hidden[:, stays], position[:, stays]
        seen = torch.ones(hidden.shape[1], hidden.shape[1], dtype=torch.bool).tril()[None, None]
        rotary = language.rotary_emb(hidden, position)
        hidden = layer(hidden, attention_mask=seen, position_ids=position, position_embeddings=rotary)
    return model.lm_head(language.norm(hidden))


@pytest.mark.parametrize("layer", [None, 1, 4])
@torch.no_grad()
def test_prompt_and_words(layer):
    model = make_llava().double()
    prompt = one_of(prompt_for(model), 0)
    prompt["pixel_values"] = prompt["pixel_values"].double()
    method = load("victor", weights="random", number=NUMBER, layer=layer)
    method = method.fit(shape_of(method, model))
    draw = torch.Generator().manual_seed(1)
    method.learned["tokens"].data.normal_(generator=draw)
    registers = method.learned["tokens"][:NUMBER].double()
    for _ in range(4):
        due = literal(model, prompt, registers, layer or 1)
        with method.apply(model) as handle:
            found = model(**prompt).logits
            assert handle.report().tokens_out == [PATCHES + NUMBER] * (layer or 1) + [NUMBER] * (6 - (layer or 1))
        assert (found[:, -1] - due[:, -1]).abs().max() < 1e-9
        word = due[:, -1, :50].argmax(-1, keepdim=True)
        prompt["input_ids"] = torch.cat([prompt["input_ids"], word], dim=1)
    with method.apply(model):
        asked = {**prompt, "input_ids": prompt["input_ids"][:, :-4]}
        words = model.generate(**asked, max_new_tokens=4, do_sample=False, suppress_tokens=list(range(50, 60)))
    assert torch.equal(words[:, -4:], prompt["input_ids"][:, -4:])
