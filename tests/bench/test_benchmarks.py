"""The embedded benchmarks: the same bytes everywhere, and a model that is good at them."""

import numpy as np
import pytest
import torch

from prunarium import PrunariumError, registry
from prunarium.bench import cluttered_digits, digits
from prunarium.bench.benchmarks import benchmarks, find_benchmark
from prunarium.bench.environment import weights_hash

CHECKSUMS = {
    ("cluttered-digits", 1): "c1ffe20f77202c00241525870123a47b5bca64883922bd50a1f40ecc46162954",
    ("digit-grid", 3): "acfaaddf900e39b014e69b1a63ee96608e6562c223ad3dcbdfdf7f58234410c7",
    ("storyworld-encoder", 1): "02a0076f7b4486417955dd6d479d5d6f5e9222e3102f36837997b4747096712a",
    ("storyworld-decoder", 1): "bdfc3e14c5fe5822c8d16ac3996407911f0665d312789439137e83df62d64b78",
    ("storyworld-needle", 1): "97360cd920235bfbd240e7373fd66ac5e576357b28bf7993fccdb4029ab0839c",
    ("storyworld-perplexity", 1): "d01d82f5558036c601dec29d61bdf81e4af91377ae7a1b0d2c4824264fbaa525",
}

LEAST = {
    ("storyworld-encoder", "carried"): 0.9,  # who carries a thing, and where that person is: two steps
    ("storyworld-perplexity", ""): 0.75,  # nobody can foretell which fact a sentence reminds of
}


@pytest.mark.parametrize("name", benchmarks())
def test_data_are_the_recorded_bytes(name):
    benchmark = find_benchmark(name)
    assert benchmark.data().checksum() == CHECKSUMS[name, benchmark.revision], (
        "new data need a new REVISION and checksum"
    )


@pytest.mark.parametrize("name", benchmarks())
@torch.inference_mode()
def test_shipped_model_is_good(name):
    benchmark = find_benchmark(name)
    data, model = benchmark.data(), benchmark.model()
    asked = min(900, len(data))
    said = benchmark.respond(model, data.batch(0, asked, torch.device("cpu"))).said
    right = benchmark.right(said, data.labels[:asked])
    assert right.mean() >= LEAST.get((name, ""), 0.95)
    for kind in set(data.kinds):
        assert right[np.array(data.kinds[:asked]) == kind].mean() >= LEAST.get((name, kind), 0.95), kind


@pytest.mark.parametrize("name", benchmarks())
def test_recorded_scores_are_of_these_data_and_weights(name):
    """A record made before the data or the model changed would be shown as if it were of what ships."""
    benchmark = find_benchmark(name)
    checksum, weights = benchmark.data().checksum(), weights_hash(benchmark.model())
    scores = [s for method in registry.cards() for s in registry.measured_scores(method) if s.benchmark == name]
    assert scores
    for score in scores:
        assert score.data_checksum == checksum, score.setting
        assert score.trained or score.weights == weights, score.setting


def test_test_digits_are_not_trained_on():
    test, train = digits.split(train=False)[0], digits.split(train=True)[0]
    assert len(test) == 500 and len(test) + len(train) == 1797
    seen = {image.tobytes() for image in train}
    assert not any(image.tobytes() in seen for image in test)


def test_seeds():
    one, same, other = (cluttered_digits.generate(50, seed).images for seed in (0, 0, 1))
    assert (one == same).all() and (one != other).any()
    few = cluttered_digits.generate(20, 0, pieces=0).images
    assert few.mean() < one.mean(), "fewer pieces, less ink"


def test_the_whole_digit_is_in_its_place():
    made = cluttered_digits.generate(30, 4)
    pool, labels = digits.pool(train=False)
    for image, label, row, column in zip(made.images, made.labels, *made.corner, strict=True):
        window = image[row : row + 12, column : column + 12].astype(int)
        rest = window[None] - pool[labels == label]
        assert ((rest >= 0) & (rest < cluttered_digits.NOISE) | (window == 255)).all(axis=(1, 2)).any()


def test_unknown_benchmark():
    with pytest.raises(PrunariumError, match=r"no benchmark 'clutered-digits' \(did you mean 'cluttered-digits'\?\)"):
        find_benchmark("clutered-digits")
