"""VoCo-LLaMA against the paper's two passes: the image, then the text with what is cached of the VoCo tokens."""

import pytest
import torch
from transformers import DynamicCache

from prunarium import load
from prunarium.families import shape_of
from tests.families.vlm_models import IMAGE, PATCHES, generate, make_llava, one_of, prompt_for


def two_stages(model, prompt, learned, new):
    """Logits of the text behind the image, and of as many words as are generated after it."""
    language, ids = model.model.language_model, prompt["input_ids"][0]
    image = model.model.get_image_features(prompt["pixel_values"], return_dict=True).pooler_output[0]
    first = int((ids == IMAGE).nonzero()[0])
    before, text = language.embed_tokens(ids[:first]), ids[first + PATCHES :]
    cache = DynamicCache(config=model.config.text_config)
    language(inputs_embeds=torch.cat([before, image, learned])[None], past_key_values=cache, use_cache=True)
    position = cache.get_seq_length()
    stays = torch.tensor([*range(first), *range(first + PATCHES, position)])
    for layer in cache.layers:
        layer.keys, layer.values = layer.keys[:, :, stays], layer.values[:, :, stays]
    logits = []
    for _ in range(new):
        positions = torch.arange(position, position + len(text))
        states = language(
            inputs_embeds=language.embed_tokens(text)[None], position_ids=positions[None], past_key_values=cache
        ).last_hidden_state
        logits.append(model.lm_head(states)[0])
        position += len(text)
        text = logits[-1][-1:, :56].argmax(-1)
    return torch.cat(logits)


@pytest.mark.parametrize("number", [1, 7])
@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
@torch.no_grad()
def test_prompt_and_words(number, implementation):
    model = make_llava().double()
    model.set_attn_implementation(implementation)
    prompt = one_of(prompt_for(model), 0)
    prompt["pixel_values"] = prompt["pixel_values"].double()
    method = load("voco-llama", weights="random", number=number)
    method = method.fit(shape_of(method, model))
    method.learned["tokens"].data.normal_(generator=torch.Generator().manual_seed(1))
    due = two_stages(model, prompt, method.learned["tokens"][:number].double(), 5)
    text = len(due) - 4
    with method.apply(model) as handle:
        found = model(**prompt).logits[0, -text:]
        words = generate(model, prompt, 5)
        report = handle.report()
    assert (found - due[:text]).abs().max() < 1e-6
    assert torch.equal(words[0], due[text - 1 :, :56].argmax(-1))
    assert [record.cached for record in report.blocks] == [number] * 6
