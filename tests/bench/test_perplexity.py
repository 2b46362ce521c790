"""Perplexity through the cache: without a method it is that of one forward pass."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch.nn.functional import cross_entropy

from prunarium import PrunariumError
from prunarium.bench import storyworld
from prunarium.bench.perplexity import compare_surprises, surprises
from prunarium.bench.story_models import story_scorer


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return story_scorer().eval()


@pytest.fixture(scope="module")
def ids():
    return torch.from_numpy(storyworld.running_text(3, 0, 64).words)


@pytest.mark.parametrize("prompt", [1, 40, 63])
def test_words_in_turn_surprise_as_all_at_once(model, ids, prompt):
    with torch.inference_mode():
        logits = model(ids[:, :-1]).logits
    due = cross_entropy(logits.transpose(1, 2), ids[:, 1:], reduction="none")[:, prompt - 1 :]
    found = surprises(model, ids, prompt)
    assert found.shape == (3, 64 - prompt)
    assert np.abs(found - due.numpy()).max() < 1e-4


@pytest.mark.parametrize("prompt", [0, 64])
def test_nothing_to_foretell(model, ids, prompt):
    with pytest.raises(PrunariumError, match=f"a prompt of {prompt} tokens leaves no word .* of 64; take 1 to 63"):
        surprises(model, ids, prompt)


numbers = arrays(float, (6, 5), elements=st.floats(0, 5))


@given(numbers, st.floats(-0.5, 2))
def test_the_same_more_surprise_in_every_text_is_a_sure_ratio(plain, more):
    compared = compare_surprises(plain, plain + more)
    assert np.isclose(compared.baseline, np.exp(plain.mean())) and np.isclose(
        compared.method, np.exp((plain + more).mean())
    )
    assert np.allclose([compared.ratio_low, compared.ratio_high], np.exp(more))


@given(numbers, numbers)
def test_the_interval_holds_the_ratio(plain, reduced):
    compared = compare_surprises(plain, reduced)
    ratio = compared.method / compared.baseline
    assert compared.ratio_low <= ratio * (1 + 1e-9) and ratio <= compared.ratio_high * (1 + 1e-9)
