"""Decoders of storyworld that learned with soft tokens: they answer from them."""

import pytest
import torch

from prunarium import load, registry
from prunarium.bench.story_benchmarks import STORYWORLD_DECODER
from prunarium.bench.story_models import story_llama


@pytest.mark.parametrize("name", ["gist", "autocompressors"])
@torch.inference_mode()
def test_questions_are_answered_from_a_quarter_of_the_entries(name):
    """A place among 16 is guessed once in 16 times; the question alone tells no more."""
    path = registry.folder_of(name) / "weights" / "storyworld-decoder-trained.safetensors"
    model, data = story_llama().eval(), STORYWORLD_DECODER.make(32, 1)
    with load(name, keep_rate=0.25).trained(path).apply(model) as handle:
        said = STORYWORLD_DECODER.respond(model, data.batch(0, 32, torch.device("cpu"))).said
        assert handle.report().blocks[0].room == 64
    assert STORYWORLD_DECODER.right(said, data.labels).mean() > 0.2
