"""Keyformer against the scores, the entries and the outputs of its own code, over a prompt and words, given noise."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from prunarium import load
from prunarium.families import Attention
from prunarium.families.caching.rows import Rows, offers

from . import recipe
from .decoder_models import whole
from .vlm_models import cases

CASES = cases("keyformer")


def given_noise(kind, seed, tokens):
    """The method with the recorded noise, which has a column for every token, also for those that are gone."""

    class Given(kind):
        def noise(self, logits, attention, entries, layer):
            step, heads = int(attention.words), logits.shape[1]
            index = 50 if step == 0 else 59 + step
            columns = tokens + step
            noise = recipe.draw(seed, index, (1, heads, logits.shape[2], columns), "feature")
            return noise.gather(3, entries.place.unsqueeze(2).expand(logits.shape))

    return Given


@pytest.mark.parametrize("name", CASES)
def test_prompt_and_words(name):
    case, params = CASES[name], CASES[name]["params"]
    seed, tokens = int(case["inputs"]["q"].split("draw(")[1].split(",")[0]), params["T"]
    steps = case["outputs"]["steps"]
    shape = (1, params["heads"], tokens + len(steps) - 1, 8)
    queries, keys, values = (
        recipe.draw(seed, index, shape, "feature", gain) for index, gain in ((0, 1.5), (1, 1.5), (2, 1))
    )
    settings = {
        "keep_rate": params["kv_cache_percent"] / 100,
        "recent": params["recent_percent"] / 100,
        "temperature": params["tau_init"],
        "warming": params["tau_delta"],
    }
    method = given_noise(type(load("keyformer")), seed, tokens)(**settings)
    entries, read = whole(keys[:, :, :tokens], values[:, :, :tokens]), torch.tensor([[tokens]])
    for step, expected in enumerate(steps):
        if step:
            entries = with_word(entries, keys, values, tokens + step - 1)
        asked = queries[:, :, :tokens] if step == 0 else queries[:, :, tokens + step - 1 : tokens + step]
        rows = Rows(asked, entries.keys, None, 8**-0.5)
        output = (rows.attention(first=-1) @ entries.values)[0, :, 0, :4]
        np.testing.assert_allclose(output, expected["output_last_row"], atol=1e-5)
        new = method.weigh(attention(method, rows, step), entries, 0)
        weight = new if step == 0 else method.carried(entries.weight, new)
        entries = replace(entries, weight=weight)
        entries = method.evict([entries])[0] if step == 0 else method.trim(entries, read, read, 0)
        check(entries, expected, tokens + step)


def attention(method, rows, step):
    offered = offers(lambda: rows, 1)
    offered["words"], offered["samples"] = lambda: torch.tensor(step), lambda: torch.zeros(1)
    return Attention(method.needs, offered)


def with_word(entries, keys, values, place):
    """The entries and one more, of the word at a place."""
    new = slice(place, place + 1)
    return replace(
        entries,
        keys=torch.cat([entries.keys, keys[:, :, new]], dim=2),
        values=torch.cat([entries.values, values[:, :, new]], dim=2),
        place=torch.nn.functional.pad(entries.place, (0, 1), value=place),
        weight=torch.nn.functional.pad(entries.weight, (0, 1)),
    )


def check(entries, expected, count):
    score = torch.zeros(*entries.place.shape[:2], count).scatter(2, entries.place, entries.weight)
    np.testing.assert_allclose(score[0], expected["score"], atol=1e-5)
    there = torch.zeros_like(score, dtype=torch.int64).scatter(2, entries.place, 1)
    assert [[*head, 1] for head in there[0].tolist()] == expected["open_mask_incl_next_column"]
