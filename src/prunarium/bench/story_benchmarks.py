"""``storyworld`` as benchmarks: an encoder names the place, a decoder generates the answer, or foretells the story."""

from dataclasses import replace

import torch
from torch import Tensor

from prunarium.bench import models, responses, story_models, storyworld
from prunarium.bench.benchmarks import EmbeddedBenchmark, next_word
from prunarium.bench.samples import InMemory, no_images
from prunarium.bench.story_words import ANSWER_WORDS, BOS, VOCABULARY, in_words
from prunarium.bench.storyworld import Asked, Stories
from prunarium.bench.text_answers import next_token
from prunarium.bench.text_classes import class_scores
from prunarium.bench.text_words import say_given_words

ENCODER_WORDS, DECODER_WORDS, NEEDLE_WORDS = 128, 256, 1024
"""Of a story with its question."""
RUNNING_WORDS = 512
"""Of a story without one."""
NEEDLE_DEPTH = 0.05
FORETOLD = 64
"""Words at a story's end that are to be foretold."""


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


def to_foretell(stories: Stories) -> InMemory:
    """Stories without a question; their last words are to be foretold one by one, each behind all words before it."""
    begin, last = stories.words[:, :-FORETOLD], torch.from_numpy(stories.words[:, -FORETOLD:])
    ids = torch.nn.functional.pad(torch.from_numpy(begin), (1, 0), value=BOS)
    captions = tuple(f"... {in_words(words)}" for words in last.tolist())
    return InMemory({"input_ids": ids, "words": last}, last, no_images(len(ids)), captions, words=_words(ids))


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

STORYWORLD_PERPLEXITY = replace(
    STORYWORLD_DECODER,
    name="storyworld-perplexity",
    summary="how well the last 64 words of a story are foretold, once a method has acted on the 448 before them",
    metrics=("next word",),
    samples=200,
    large_batch=16,
    make=lambda count, seed: to_foretell(storyworld.running_text(count, seed, RUNNING_WORDS)),
    answer=next_token,
    respond=say_given_words,
)

STORY_BENCHMARKS = (STORYWORLD_ENCODER, STORYWORLD_DECODER, STORYWORLD_NEEDLE, STORYWORLD_PERPLEXITY)
