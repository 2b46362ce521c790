"""``storyworld`` as benchmarks: an encoder names the place, a decoder generates the answer."""

from dataclasses import replace

import torch
from torch import Tensor

from prunarium.bench import models, responses, story_models, storyworld
from prunarium.bench.benchmarks import EmbeddedBenchmark, next_word
from prunarium.bench.samples import InMemory, no_images
from prunarium.bench.story_words import ANSWER_WORDS, VOCABULARY, in_words
from prunarium.bench.storyworld import Asked
from prunarium.bench.text_classes import class_scores

ENCODER_WORDS, DECODER_WORDS, NEEDLE_WORDS = 128, 256, 1024
"""Of a story with its question."""
NEEDLE_DEPTH = 0.05


def _captions(asked: Asked) -> tuple[str, ...]:
    pairs = zip(asked.questions(), asked.answers(), strict=True)
    return tuple(f"{in_words(question)} {in_words(answer)}" for question, answer in pairs)


def _words(ids: Tensor) -> tuple[list[str], ...]:
    return tuple([VOCABULARY[one] for one in text] for text in ids.tolist())


def to_encode(asked: Asked) -> InMemory:
    """Questions before their stories; the class is the place that the answer names."""
    ids, types = (torch.from_numpy(part) for part in asked.pairs())
    inputs = {"input_ids": ids, "token_type_ids": types}
    places = torch.from_numpy(asked.places())
    return InMemory(inputs, places, no_images(len(ids)), _captions(asked), asked.kinds, _words(ids))


def to_decode(asked: Asked) -> InMemory:
    """Questions after their stories; the answer's words are to be generated."""
    inputs = {"input_ids": torch.from_numpy(asked.prompts())}
    answers = torch.from_numpy(asked.answers())
    return InMemory(
        inputs, answers, no_images(len(answers)), _captions(asked), asked.kinds, _words(inputs["input_ids"])
    )


STORYWORLD_ENCODER = EmbeddedBenchmark(
    name="storyworld-encoder",
    revision=storyworld.REVISION,
    family="encoder",
    summary="where somebody or something is: a question about a short story, one of 16 places (131 tokens)",
    samples=1000,
    patch=0,
    large_batch=64,
    make=lambda count, seed: to_encode(storyworld.generate(count, seed, ENCODER_WORDS)),
    build=story_models.story_bert,
    weights=models.WEIGHTS / "storyworld-encoder.safetensors",
    answer=class_scores,
    respond=responses.best_classes(class_scores),
)

STORYWORLD_DECODER = EmbeddedBenchmark(
    name="storyworld-decoder",
    revision=storyworld.REVISION,
    family="decoder",
    summary="where somebody or something is: a question after a short story, answers generated (257 tokens)",
    metrics=("exact match",),
    samples=400,
    patch=0,
    large_batch=32,
    make=lambda count, seed: to_decode(storyworld.generate(count, seed, DECODER_WORDS)),
    build=story_models.story_llama,
    weights=models.WEIGHTS / "storyworld-decoder.safetensors",
    answer=next_word,
    respond=responses.generated_words(ANSWER_WORDS),
)

STORYWORLD_NEEDLE = replace(
    STORYWORLD_DECODER,
    name="storyworld-needle",
    summary="recall of one fact that a long story states at its beginning, answers generated (1,025 tokens)",
    samples=100,
    large_batch=8,
    make=lambda count, seed: to_decode(storyworld.needles(count, seed, NEEDLE_WORDS, NEEDLE_DEPTH)),
)

STORY_BENCHMARKS = (STORYWORLD_ENCODER, STORYWORLD_DECODER, STORYWORLD_NEEDLE)
