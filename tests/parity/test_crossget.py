"""CrossGET's matching against numbers that the paper's own code gave.

Of two tokens that are each other's nearest, the official code lets rounding and an unstable sort decide which merges
into the other; ours takes the earlier one. Here every such choice is tried until one gives the recorded result.
"""

import itertools

import numpy as np
import pytest
import torch
from torch.nn.functional import cosine_similarity, normalize

from prunarium.ops import CompleteMatching, Tokens, complete_matching, match_any

from . import recipe
from .vlm_models import cases, check_summary

CASES = cases("crossget")
SEEDS = {"vision": 151, "text_with_eot": 154, "llava_cls": 153, "llava_no_cls": 153}


def drawn(name, index, count, width):
    return recipe.draw(SEEDS[name], index, (2, count, width)).double()


def protecting(count, *places):
    """Which tokens are protected in each of two samples; a place is one for both, or one for each."""
    mask = torch.zeros(2, count, dtype=torch.bool)
    for place in places:
        mask[torch.arange(2), torch.as_tensor(place)] = True
    return mask


def plans(metric, importance, r, protected):
    """The matchings of one sample by every choice between two tokens that are each other's nearest."""
    unit = normalize(metric[0], dim=-1)
    similarity = unit @ unit.T
    alone = torch.eye(len(unit), dtype=torch.bool) | protected[0] | protected[0][:, None]
    nearest = similarity.masked_fill(alone, -torch.inf).argmax(dim=1).tolist()
    left = (~protected[0]).nonzero()[:, 0].tolist()
    pairs = [(one, nearest[one]) for one in left if nearest[nearest[one]] == one and one < nearest[one]]
    for choice in itertools.product([False, True], repeat=len(pairs)):
        nudged = similarity.clone()
        for (one, other), swap in zip(pairs, choice, strict=True):
            nudged[(other, one) if swap else (one, other)] += 1e-12
        yield match_any(nudged[None], importance, r, protected)


def recorded(tokens, metric, importance, r, protected, expected, before=""):
    """The matching of both samples, with the choices that give the recorded sources (where they are recorded), sizes
    and lengths of the tokens."""
    sizes, summaries = expected[f"{before}sizes"], expected["second_pass" if before else "merged"]
    found = []
    for sample in range(2):
        one = slice(sample, sample + 1)
        alone = Tokens(tokens.x[one], size=None if tokens.size is None else tokens.size[one])
        for plan in plans(metric[one], importance[one], r, protected[one]):
            merged = plan.merge(alone)
            as_recorded = np.isclose(merged.x.norm(), summaries[sample]["norm"], rtol=1e-6)
            same = before or plan.sources[0].tolist() == expected["sources"][sample]
            if same and merged.size[0].tolist() == sizes[sample] and as_recorded:
                found.append(plan)
                break
    assert len(found) == 2, "no choice gives the recorded result"
    return CompleteMatching(
        *(torch.cat([getattr(plan, field) for plan in found]) for field in ("sources", "destinations", "weight"))
    )


def check_plan(matching, expected):
    assert matching.destinations.tolist() == expected["destinations_original_index"]
    np.testing.assert_allclose(matching.weight / 2, expected["weights_softmax_src_dst"], rtol=1e-6)


def check_merged(merged, expected, before=""):
    assert merged.count == expected[f"{before}length"]
    assert merged.size.tolist() == expected[f"{before}sizes"]
    for sample, summary in enumerate(expected["second_pass" if before else "merged"]):
        check_summary(merged.x[sample], summary)


@pytest.mark.parametrize("name", ["vision", "text_with_eot"])
def test_clip_variant_twice(name):
    params, expected = CASES[name]["params"], CASES[name]["outputs"]
    count, r, eot = params["tokens"], params["r"], params["eot_positions"]
    tokens = Tokens(drawn(name, 0, count, 8), original=count)
    for before, metric_index, query_index in (("", 2, 1), ("second_pass_", 3, 4)):
        count = tokens.count
        metric, query = drawn(name, metric_index, count, 6), drawn(name, query_index, count, 6)
        cross = eot or [count - 1] * 2
        importance = cosine_similarity(metric, query[torch.arange(2), cross].unsqueeze(1), dim=-1)
        protected = protecting(count, 0, count - 1, cross)
        matching = recorded(tokens, metric, importance, r, protected, expected, before)
        if not before:
            check_plan(matching, expected)
        tokens = matching.merge(tokens)
        check_merged(tokens, expected, before)
        if eot and not before:
            eot = [row.index(place) for row, place in zip(tokens.positions().tolist(), eot, strict=True)]
            assert eot == [row.index(1) for row in expected["eot_indicator_after"]]


@pytest.mark.parametrize("name", ["llava_cls", "llava_no_cls"])
def test_llava_variant(name):
    params, expected = CASES[name]["params"], CASES[name]["outputs"]
    count = params["tokens"]
    query, metric = drawn(name, 1, count, 4), drawn(name, 2, count, 6)
    importance = query[..., :-1].mean(dim=-1) + query[..., -1]
    protected = protecting(count, 0, *([count - 1] if params["class_token"] else []))
    tokens = Tokens(drawn(name, 0, count, 8), original=count)
    matching = recorded(tokens, metric, importance, params["r"], protected, expected)
    check_plan(matching, expected)
    check_merged(matching.merge(tokens), expected)


def test_by_cosine():
    metric = recipe.draw(3, 0, (2, 12, 5)).double()
    importance = recipe.draw(3, 1, (2, 12)).double()
    found = complete_matching(3 * metric, importance, 4)
    by_hand = match_any(cosine_similarity(metric.unsqueeze(1), metric.unsqueeze(2), dim=-1), importance, 4)
    assert torch.equal(found.sources, by_hand.sources)
    assert torch.equal(found.destinations, by_hand.destinations)
