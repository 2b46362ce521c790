"""What methods are trained on: an embedded benchmark's question, put to what its model was trained on."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from digit_training import augmented_pool
from prunarium.bench import cluttered_digits, digit_grid, digits, storyworld
from prunarium.bench.benchmarks import CLUTTERED_DIGITS, DIGIT_GRID, EmbeddedBenchmark
from prunarium.bench.samples import Inputs
from prunarium.bench.story_benchmarks import (
    DECODER_WORDS,
    ENCODER_WORDS,
    STORYWORLD_DECODER,
    STORYWORLD_ENCODER,
    to_encode,
)
from prunarium.bench.story_words import PAD
from prunarium.records import Family

Batch = tuple[Inputs, Tensor]
"""The model's inputs, and the right classes or words ``[batch]`` or ``[batch, words]``; ``SILENT`` where none is."""
SILENT = -100
"""What a loss passes over."""
ASKED = 8
"""Questions about each story."""


@dataclass(frozen=True)
class Task:
    """A benchmark that methods are trained on.

    Attributes:
        make: a batch of so many samples by a seed; images of some digits (the benchmark's test digits without), or
            stories, for a decoder of so many ``words`` each.
        logits: what the model says to each right class or word, with those before it given ``[batch, ..., answers]``.
        backbone: what the names of the weights contain that are trained with the method unless told otherwise.
        pool: training digits, with so many warped copies of each; none where there are no images.
    """

    benchmark: EmbeddedBenchmark
    make: Callable[..., Batch]
    logits: Callable[[nn.Module, Inputs, Tensor], Tensor]
    backbone: tuple[str, ...]
    pool: Callable[[int], digits.Pool | None]

    def of_model(self, weights: Path | None) -> "Task":
        """The same with other weights of the benchmark's model."""
        return self if weights is None else replace(self, benchmark=replace(self.benchmark, weights=weights))

    def right(self, model: nn.Module, batch: Batch) -> Tensor:
        """Which samples the model answers rightly, every word of them ``[batch]``."""
        inputs, labels = batch
        right = (self.logits(model, inputs, labels).argmax(dim=-1) == labels) | (labels == SILENT)
        return right.view(len(labels), -1).all(dim=1)


def _cluttered_digits(count: int, seed: int, pool: digits.Pool | None) -> Batch:
    made = cluttered_digits.generate(count, seed, digit_pool=pool)
    return {"images": torch.from_numpy(made.images)[:, None] / 255}, torch.from_numpy(made.labels)


def _digit_grid(count: int, seed: int, pool: digits.Pool | None) -> Batch:
    asked = digit_grid.generate(count, seed, digit_pool=pool)
    pixels = torch.from_numpy(asked.images).permute(0, 3, 1, 2) / 255
    return {"input_ids": torch.from_numpy(asked.prompts), "pixel_values": pixels}, torch.from_numpy(asked.answers)


def _stories(count: int, seed: int, pool: digits.Pool | None) -> Batch:
    made = to_encode(storyworld.generate(count, seed, ENCODER_WORDS))
    assert made.labels is not None
    return made.inputs, made.labels


def _training_digits(variants: int) -> digits.Pool:
    return augmented_pool(variants, seed=1) if variants else digits.pool(train=True)


def _no_digits(variants: int) -> None:
    return None


def _asked_stories(count: int, seed: int, pool: digits.Pool | None, words: int = DECODER_WORDS) -> Batch:
    """Stories without a question, and questions about each of them."""
    stories = storyworld.generate(count, seed, words).stories
    asked, draw = storyworld.every_question(stories), np.random.default_rng(seed)
    each = len(asked.kind) // count
    chosen = np.concatenate([story * each + draw.permutation(each)[:ASKED] for story in range(count)])
    prompts, answers, questions = (
        torch.from_numpy(part[chosen]) for part in (asked.prompts(), asked.answers(), asked.questions())
    )
    told = prompts[:: len(chosen) // count, : -questions.shape[1]]
    return {"input_ids": told, "questions": questions}, answers.masked_fill(answers == PAD, SILENT)


def _classes(model: nn.Module, inputs: Inputs, labels: Tensor) -> Tensor:
    return CLUTTERED_DIGITS.answer(model, inputs)


def _places(model: nn.Module, inputs: Inputs, labels: Tensor) -> Tensor:
    return STORYWORLD_ENCODER.answer(model, inputs)


def _words(model: nn.Module, inputs: Inputs, labels: Tensor) -> Tensor:
    ids = torch.cat([inputs["input_ids"], labels[:, :-1]], dim=1)
    told = {**inputs, "input_ids": ids, "use_cache": not model.training}
    return model(**told, logits_to_keep=labels.shape[1]).logits


def _answers(model: nn.Module, inputs: Inputs, labels: Tensor) -> Tensor:
    """Each story is read once, whatever becomes of its cache, and then all questions with their answers."""
    cache = model(input_ids=inputs["input_ids"], use_cache=True, logits_to_keep=1).past_key_values
    cache.batch_repeat_interleave(len(labels) // len(inputs["input_ids"]))
    words = torch.cat([inputs["questions"], labels[:, :-1].masked_fill(labels[:, :-1] == SILENT, PAD)], dim=1)
    return model(input_ids=words, past_key_values=cache, use_cache=True, logits_to_keep=labels.shape[1]).logits


TASKS: dict[Family, Task] = {
    "vit": Task(CLUTTERED_DIGITS, _cluttered_digits, _classes, ("",), _training_digits),
    "vlm": Task(DIGIT_GRID, _digit_grid, _words, ("multi_modal_projector",), _training_digits),
    "decoder": Task(STORYWORLD_DECODER, _asked_stories, _answers, ("",), _no_digits),
    "encoder": Task(STORYWORLD_ENCODER, _stories, _places, ("",), _no_digits),
}
