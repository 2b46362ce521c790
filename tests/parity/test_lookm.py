"""LOOK-M against numbers of the paper's own code, and against a literal implementation of its rules."""

import numpy as np
import pytest
import torch

from prunarium import load
from prunarium.ops import Entries

from . import recipe
from .vlm_models import cases, check_summary

CASES = cases("lookm")
SPAN = 576


def given(case):
    """Column sums of the attention, keys, values, and which tokens are of images."""
    params, seed = case["params"], int(case["inputs"]["k"].split("(")[1].split(",")[0])
    heads, tokens = params["heads"], params["T"]
    logits = recipe.draw(seed, 0, (1, heads, tokens, tokens), "feature", 2.0).double()
    above = torch.ones(tokens, tokens, dtype=torch.bool).triu(1)
    score = logits.masked_fill(above, -torch.inf).softmax(-1).sum(dim=2)
    keys, values = (recipe.draw(seed, index, (1, heads, tokens, 128), "feature").double() for index in (1, 2))
    image = torch.zeros(tokens, dtype=torch.bool)
    for start in params["image_placeholders"] or ():
        image[start : start + SPAN] = True
    return score, keys, values, image


def settings(case):
    params = case["params"]
    prior, _, way = params["variant"].rpartition(" ")
    return {
        "important": params["hh_ratio"],
        "recent": params["recent_ratio"],
        "text_prior": prior == "text-prior",
        "merging": way,
    }


def literal(case, leading_rows=False):
    """The official rules in loops, head by head: kept tokens, keys and values.

    Args:
        case: one of the recorded.
        leading_rows: take, as the official code does where it averages, the contents of the first of all evicted
            entries for those that were chosen.
    """
    score, keys, values, image = given(case)
    wanted = settings(case)
    heads, tokens = score.shape[1:]
    important, recent = int(tokens * wanted["important"]), int(tokens * wanted["recent"])
    kept, hosts, best = [], [], []
    for head in range(heads):
        older = range(tokens - recent)
        if wanted["text_prior"]:
            text = [token for token in older if not image[token]]
            images = sorted((token for token in older if image[token]), key=lambda t: -score[0, head, t])
            stay = text + images[: max(important - len(text), 0)]
        else:
            first = list(range(4))
            stay = first + sorted(older[4:], key=lambda t: -score[0, head, t])[: important - 4]
        kept.append(sorted(stay) + list(range(tokens - recent, tokens)))
        unit = keys[0, head] / keys[0, head].norm(dim=-1, keepdim=True)
        evicted = [token for token in range(tokens) if token not in kept[-1]]
        alike = unit[evicted] @ unit[kept[-1]].T
        best.append(alike.max(dim=1).values)
        hosts.append(alike.argmax(dim=1))
    passes = torch.stack(best).mean(dim=0) >= torch.stack(best).mean()
    return kept, *(merged(x, kept, hosts, best, passes, wanted["merging"], leading_rows) for x in (keys, values))


def merged(x, kept, hosts, best, passes, way, leading_rows):
    every = []
    for head, stay in enumerate(kept):
        evicted = [token for token in range(x.shape[2]) if token not in stay]
        sums, counts = [x[0, head, token].clone() for token in stay], [1] * len(stay)
        ranks = range(len(evicted)) if way == "pivot" else passes.nonzero()[:, 0].tolist()
        for number, rank in enumerate(ranks):
            content, host = x[0, head, evicted[number if leading_rows else rank]], int(hosts[head][rank])
            if way == "pivot":
                content = (content + x[0, head, stay[host]]) / 2
            elif way == "weighted":
                content = content * best[head][rank]
            sums[host] += content
            counts[host] += 1
        every.append(torch.stack([total / count for total, count in zip(sums, counts, strict=True)]))
    return torch.stack(every).unsqueeze(0)


def check_official(case, keys, values):
    expected = case["outputs"]
    assert keys.shape[2] == expected["cache_length"]
    check_summary(keys, expected["keys"], 1e-6)
    check_summary(values, expected["values"], 1e-6)
    norms = expected["key_row_norms_head0"]  # of 60 rows at most
    np.testing.assert_allclose(keys[0, 0].norm(dim=-1)[: len(norms)], norms, rtol=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_the_literal_rules_are_the_official_ones(name):
    case = CASES[name]
    _, keys, values = literal(case, leading_rows=settings(case)["merging"] == "average")
    check_official(case, keys, values)


@pytest.mark.parametrize("name", CASES)
def test_cache_after_the_prompt(name):
    case = CASES[name]
    score, keys, values, image = given(case)
    tokens = keys.shape[2]
    place, images = (part.expand(keys.shape[:3]) for part in (torch.arange(tokens), image))
    (left,) = load("look-m", **settings(case)).evict([Entries(keys, values, place, images)], [score])
    kept, expected_keys, expected_values = literal(case)
    assert left.there is None
    assert left.place[0].tolist() == kept
    torch.testing.assert_close(left.keys, expected_keys, atol=1e-10, rtol=1e-10)
    torch.testing.assert_close(left.values, expected_values, atol=1e-10, rtol=1e-10)
    if settings(case)["merging"] != "average":
        check_official(case, left.keys, left.values)
