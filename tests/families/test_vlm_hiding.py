"""What a method hides from the text: nothing of it is seen, and what leaves the cache is not missed."""

import pytest
import torch

from prunarium import load
from prunarium.families import shape_of
from prunarium.families.vlm.masks import hiding

from .vlm_models import IMAGE, MODELS, PATCHES, generate, make_llava, one_of, prompt_for, step_by_step

NUMBER = 3


def drawn(model):
    """VoCo-LLaMA with learned tokens that are not next to nothing."""
    method = load("voco-llama", weights="random", number=NUMBER)
    method = method.fit(shape_of(method, model))
    method.learned["tokens"].data.normal_(generator=torch.Generator().manual_seed(1))
    return method


def watched(model):
    """The attention weights of every layer while the list is filled ``[batch, heads, queries, keys]``."""
    model.set_attn_implementation("eager")
    seen = []
    for layer in model.model.language_model.layers:
        layer.self_attn.register_forward_hook(lambda module, args, output: seen.append(output[1]))
    return seen


@pytest.mark.parametrize("kind", MODELS)
@torch.inference_mode()
def test_text_gives_the_image_no_attention(kind):
    model = MODELS[kind]()
    prompt, seen = prompt_for(model, samples=1, images=2), watched(model)
    is_image = prompt["input_ids"][0] == IMAGE
    with drawn(model).apply(model):
        model(**prompt)
    rows = []
    for text, count in zip(*torch.unique_consecutive(~is_image, return_counts=True), strict=True):
        rows += ["text"] * count if text else ["image"] * count + ["new"] * NUMBER
    image, text, new = (torch.tensor([row == kind for row in rows]) for kind in ("image", "text", "new"))
    for weights in seen:
        assert weights.shape[-1] == len(rows)
        assert (weights[0][:, text][:, :, image] == 0).all()
        own = weights[0][:, new][:, :, image]
        assert (own[:, :NUMBER].sum(dim=-1) > 0).all() and (own[:, NUMBER:].sum(dim=-1) > 0).all()
        later = text & (torch.arange(len(rows)) > new.nonzero()[-1])
        assert (weights[0][:, later][:, :, new] > 0).all()
        assert torch.allclose(weights.sum(dim=-1), torch.ones(()))


@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
@pytest.mark.parametrize("kind", MODELS)
@torch.inference_mode()
def test_the_evicted_cache_says_what_the_mask_says(kind, implementation):
    """Without a cache every word reads everything anew, under the mask."""
    model = MODELS[kind]()
    model.set_attn_implementation(implementation)
    prompt = one_of(prompt_for(model), 0)
    text = int((prompt["input_ids"] != IMAGE).sum())
    with drawn(model).apply(model) as handle:
        anew = step_by_step(model, prompt)
        assert torch.equal(generate(model, prompt), anew)
        cache = model(**prompt, use_cache=True).past_key_values
        assert [layer.keys.shape[2] for layer in cache.layers] == [text + NUMBER] * 6
        assert handle.report().budget == pytest.approx(NUMBER / handle.report().tokens_in[0])


@torch.inference_mode()
def test_what_the_image_shows_reaches_the_text_through_the_new_tokens_alone():
    model = make_llava()
    one, other = (one_of(prompt_for(model), number) for number in range(2))
    other = {**one, "pixel_values": other["pixel_values"]}
    method = drawn(model)
    with method.apply(model):
        assert (model(**one).logits[:, -1] - model(**other).logits[:, -1]).abs().max() > 1e-3
    new = torch.arange(4 + PATCHES, 4 + PATCHES + NUMBER)
    for layer in model.model.language_model.layers:  # the new tokens take up nothing
        layer.self_attn.o_proj.register_forward_hook(lambda module, args, output: output.index_fill(1, new, 0))
    with method.apply(model):
        assert torch.equal(model(**one).logits[:, -1], model(**other).logits[:, -1])


def test_the_mask():
    text = torch.tensor([[True, False, False, False, True, False, False, True]])
    hidden = torch.tensor([[False, True, True, False, False, True, False, False]])
    seen = hiding(text, hidden, None)[0, 0].int().tolist()
    assert seen == [
        [1, 0, 0, 0, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 0, 0, 0],
        [1, 1, 1, 0, 0, 0, 0, 0],
        [1, 1, 1, 1, 0, 0, 0, 0],
        [1, 0, 0, 1, 1, 0, 0, 0],
        [1, 0, 0, 1, 1, 1, 0, 0],
        [1, 0, 0, 1, 1, 1, 1, 0],
        [1, 0, 0, 1, 1, 0, 1, 1],
    ]
    real = torch.tensor([[False, *[True] * 7]])
    padded = hiding(text, hidden, real)[0, 0]
    assert padded[0].tolist() == [True, *[False] * 7]
    assert not padded[1:, 0].any()
