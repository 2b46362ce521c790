"""Benchmarks of what shortens prompts: a story and a question go in, and a decoder answers from what is left."""

import functools
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from prunarium.bench import models, storyworld
from prunarium.bench.benchmarks import TEST_SEED, Benchmark, find_benchmark
from prunarium.bench.story_benchmarks import DECODER_WORDS, STORYWORLD_DECODER
from prunarium.bench.story_models import story_llama, story_scorer
from prunarium.bench.story_prompts import said_to, texts
from prunarium.bench.story_tokenizer import story_tokenizer
from prunarium.bench.storyworld import Asked
from prunarium.errors import PrunariumError
from prunarium.records.score import Metric


@dataclass(frozen=True)
class AskedTexts:
    """Prompts, what each asks, and what is right.

    Attributes:
        prompts: each with its question at the end.
        questions: of each.
        answers: the right token ids ``[prompts, words]``.
        kinds: of the questions.
    """

    prompts: tuple[str, ...]
    questions: tuple[str, ...]
    answers: np.ndarray
    kinds: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.prompts)

    def first(self, count: int) -> "AskedTexts":
        """The first prompts alone."""
        return AskedTexts(self.prompts[:count], self.questions[:count], self.answers[:count], self.kinds[:count])

    def checksum(self) -> str:
        """sha256 of prompts, questions and answers."""
        text = "\n".join((*self.prompts, *self.questions))
        return hashlib.sha256(text.encode() + self.answers.astype("<i8").tobytes()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class PromptBenchmark(Benchmark):
    """Prompts with the model that answers them, and the one that tells how surprising their words are.

    Attributes:
        large_batch: prompts at a time, where throughput is measured.
        weights: of the model that answers.
        scorer_weights: of the scorer.
        tokenizer: of both models.
        say: what the model says to prompts: token ids ``[prompts, words]``.
    """

    metrics: tuple[Metric, ...] = ("exact match",)
    samples: int
    large_batch: int
    make: Callable[[int, int], AskedTexts]
    build: Callable[[], Any]
    weights: Path
    build_scorer: Callable[[], Any]
    scorer_weights: Path
    tokenizer: Callable[[], Any]
    say: Callable[[Any, Sequence[str]], np.ndarray]

    def data(self) -> AskedTexts:
        """The test prompts: the same everywhere."""
        return self.make(self.samples, TEST_SEED)

    def model(self) -> Any:
        """The shipped model that answers."""
        return models.load_weights(self.build(), self.weights)

    def scorer(self) -> Any:
        """The shipped language model that scores."""
        return models.load_weights(self.build_scorer(), self.scorer_weights)


def to_compress(asked: Asked) -> AskedTexts:
    """Stories with their questions behind them."""
    stories, questions = zip(*texts(asked), strict=True)
    prompts = tuple(f"{story} {question}" for story, question in zip(stories, questions, strict=True))
    return AskedTexts(prompts, questions, asked.answers(), asked.kinds)


STORYWORLD_PROMPTS = PromptBenchmark(
    name="storyworld-prompts",
    revision=storyworld.REVISION,
    family="prompt",
    summary="where somebody or something is: a decoder answers from what is left of a story (256 tokens)",
    samples=STORYWORLD_DECODER.samples,
    large_batch=STORYWORLD_DECODER.large_batch,
    make=lambda count, seed: to_compress(storyworld.generate(count, seed, DECODER_WORDS)),
    build=story_llama,
    weights=STORYWORLD_DECODER.weights,
    build_scorer=story_scorer,
    scorer_weights=models.WEIGHTS / "storyworld-scorer.safetensors",
    tokenizer=story_tokenizer,
    say=said_to,
)


@functools.cache
def prompt_benchmarks() -> dict[str, PromptBenchmark]:
    """Every benchmark of prompts by its name."""
    return {STORYWORLD_PROMPTS.name: STORYWORLD_PROMPTS}


def find_prompt_benchmark(name: str | None) -> PromptBenchmark:
    """A benchmark of prompts by its name; without one, the first.

    Raises:
        PrunariumError: there is none of that name, or it is for methods in a model.
    """
    known = prompt_benchmarks()
    found = find_benchmark(name or next(iter(known)))
    if not isinstance(found, PromptBenchmark):
        raise PrunariumError(f"{found.name} is not for methods that shorten prompts; there is {', '.join(known)}")
    return found
