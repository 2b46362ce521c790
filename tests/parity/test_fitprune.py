"""FitPrune: its scores against numbers that the paper's own code gave, its deletion and search against literal ones."""

import numpy as np
import pytest
import torch
from transformers import DynamicCache

from prunarium import PrunariumError, load
from prunarium.families import Attention
from prunarium.ops import Tokens

from ..families.vlm_models import make_llava, one_of, prompt_for
from . import recipe
from .by_hand import ByHand
from .vlm_models import cases, lengths

CASE = cases("fitprune")["a"]
RECIPE = [5, 0, 11, 3, 8, 4]


def attention_of(full, start, count):
    there = slice(start, start + count)
    offers = {
        "full_attention": lambda: full,
        "text_attention": lambda: full[:, :, start + count :, there],
        "image_places": lambda: torch.arange(start, start + count).expand(len(full), -1),
    }
    return Attention(load("fitprune").needs, offers)


def test_scores_and_deletion():
    params, expected = CASE["params"], CASE["outputs"]
    start, count = params["image_start"], params["image_tokens"]
    logits = recipe.draw(171, 0, (1, 4, 87, 87), "feature", 2.0).double()
    full = logits.masked_fill(torch.ones(87, 87, dtype=torch.bool).triu(1), -torch.inf).softmax(dim=-1)
    attention, tokens = attention_of(full, start, count), Tokens(torch.zeros(1, count, 1), original=count)
    after = load("fitprune", recipe=[params["delete"]]).reduce(tokens, attention, 1)
    deleted = sorted(set(range(count)) - set(after.moves[0].position[0].tolist()))
    assert deleted == expected["deleted_relative"]
    assert after.count + full.shape[-1] - count == expected["rows_left"]
    score = torch.tensor(expected["score"])
    for left in range(1, count):  # every cut falls where the recorded scores put it
        kept = load("fitprune", recipe=[count - left]).reduce(tokens, attention, 1).moves[0].position[0]
        assert set(kept.tolist()) == set(score.topk(left).indices.tolist())


def importance(hand, layer):
    """Of each image token: what image and text pay to it, of the head that pays most."""
    most, image = hand.weights(layer).amax(dim=0), hand.image.nonzero()[:, 0]
    last = image[-1]
    own = torch.stack([sum(most[row, column] for row in image) / len(image) for column in image])
    text = torch.stack([most[last + 1 :, column].sum() for column in image])
    return own, text


@torch.no_grad()
def test_deleting_inside_the_layer_is_deleting_before_the_next():
    """The official code deletes between the attention of a layer and its output projection."""
    model = make_llava().double()
    prompt = one_of(prompt_for(model), 0)
    prompt["pixel_values"] = prompt["pixel_values"].double()
    hand = ByHand(model, prompt)
    for layer, count in zip(model.model.language_model.layers, RECIPE, strict=True):
        own, text = importance(hand, layer)
        least = (own * text).argsort()[:count]
        left = torch.ones_like(hand.image)
        left[hand.image.nonzero()[:, 0][least]] = False
        hand.run(layer, left)
    cache = DynamicCache(config=model.config.text_config)
    with load("fitprune", recipe=RECIPE).apply(model):
        out = model(**prompt, past_key_values=cache, use_cache=True)
    assert (out.logits[0, -1] - hand.logits()).abs().max() <= 1e-6
    assert lengths(cache) == hand.cached == [46, 41, 41, 30, 27, 19]


def literal_recipe(shares, bound):
    """How many tokens each layer deletes, written out: ``shares[sample][layer][which]`` is a list of numbers."""
    gone = [set() for _ in shares]
    counts, tokens = [], len(shares[0][0][0])
    before = 0
    for layer in range(len(shares[0])):
        for sample, layers in enumerate(shares):
            sets = []
            for share in layers[layer]:
                used, chosen = sum(share[token] for token in gone[sample]), set()
                for token in sorted(set(range(tokens)) - gone[sample], key=lambda token, share=share: share[token]):
                    used += share[token]
                    if used > bound:
                        break
                    chosen.add(token)
                sets.append(chosen)
            gone[sample] |= sets[0] & sets[1]
        now = min(round(sum(map(len, gone)) / len(gone)), tokens - 1)
        counts.append(now - before)
        before = now
    return tuple(counts)


@torch.no_grad()
def test_search_finds_the_recipe_of_the_least_bound_that_meets_the_budget():
    model = make_llava().double()
    both = prompt_for(model)
    both["pixel_values"] = both["pixel_values"].double()
    shares = []
    for number in range(2):
        hand = ByHand(model, one_of(both, number))
        shares.append([])
        for layer in model.model.language_model.layers:
            shares[-1].append([(part / part.sum()).tolist() for part in importance(hand, layer)])
            hand.run(layer)
    shares = [layers[:-1] for layers in shares]  # what the last layer deletes, nobody sees

    def budget_of(recipe):
        left = 36 - np.cumsum([0, *recipe])
        return left.mean() / 36

    bounds = np.linspace(0, 1, 401)
    for budget in (0.8, 0.5, 0.3):
        found = load("fitprune").search(model, [both], budget)
        assert found == load("fitprune").search(model, [one_of(both, 0), one_of(both, 1)], budget)
        assert budget_of(found.recipe) <= budget
        recipes = [literal_recipe(shares, bound) for bound in bounds]
        enough = [number for number, recipe in enumerate(recipes) if budget_of(recipe) <= budget]
        # between the last bound that is too small and the first that is enough
        assert budget_of(recipes[enough[0]]) <= budget_of(found.recipe) <= budget
        assert budget_of(recipes[enough[0] - 1]) > budget
        with found.apply(model) as handle:
            model(**both)
            assert handle.report().budget == pytest.approx(budget_of(found.recipe))
    exact = load("fitprune").search(model, [both], budget_of(literal_recipe(shares, 0.3)))
    assert exact.recipe == literal_recipe(shares, 0.3)


def test_errors_say_what_to_do(llava, prompt):
    with pytest.raises(PrunariumError, match="the recipe lists 7 layers, the model has 6"):
        load("fitprune", recipe=[1] * 7).apply(llava)
    with pytest.raises(PrunariumError, match="equally many tokens, at least one"):
        load("fitprune").search(llava, [])
    with pytest.raises(PrunariumError, match=r"no recipe comes down to budget 0.1; the least is 0.21"):
        load("fitprune").search(llava, [prompt], 0.1)
