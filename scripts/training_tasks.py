"""What methods are trained on: an embedded benchmark's question, put to what its model was trained on."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from digit_training import augmented_pool
from prunarium.bench import cluttered_digits, digit_grid, digits, storyworld
from prunarium.bench.benchmarks import CLUTTERED_DIGITS, DIGIT_GRID, EmbeddedBenchmark
from prunarium.bench.samples import Inputs
from prunarium.bench.story_benchmarks import ENCODER_WORDS, STORYWORLD_ENCODER, to_encode
from prunarium.records import Family

Batch = tuple[Inputs, Tensor]
"""The model's inputs, and the right classes or words ``[batch]`` or ``[batch, words]``."""


@dataclass(frozen=True)
class Task:
    """A benchmark that methods are trained on.

    Attributes:
        make: a batch of so many samples by a seed; images of some digits (the benchmark's test digits without).
        logits: what the model says to each right class or word, with those before it given ``[batch, ..., answers]``.
        backbone: what the names of the weights contain that are trained with the method unless told otherwise.
        pool: training digits, with so many warped copies of each; none where there are no images.
    """

    benchmark: EmbeddedBenchmark
    make: Callable[[int, int, digits.Pool | None], Batch]
    logits: Callable[[nn.Module, Inputs, Tensor], Tensor]
    backbone: tuple[str, ...]
    pool: Callable[[int], digits.Pool | None]

    def of_model(self, weights: Path | None) -> "Task":
        """The same with other weights of the benchmark's model."""
        return self if weights is None else replace(self, benchmark=replace(self.benchmark, weights=weights))

    def right(self, model: nn.Module, batch: Batch) -> Tensor:
        """Which samples the model answers rightly, every word of them ``[batch]``."""
        inputs, labels = batch
        return (self.logits(model, inputs, labels).argmax(dim=-1) == labels).view(len(labels), -1).all(dim=1)


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


def _classes(model: nn.Module, inputs: Inputs, labels: Tensor) -> Tensor:
    return CLUTTERED_DIGITS.answer(model, inputs)


def _places(model: nn.Module, inputs: Inputs, labels: Tensor) -> Tensor:
    return STORYWORLD_ENCODER.answer(model, inputs)


def _words(model: nn.Module, inputs: Inputs, labels: Tensor) -> Tensor:
    ids = torch.cat([inputs["input_ids"], labels[:, :-1]], dim=1)
    told = {**inputs, "input_ids": ids, "use_cache": not model.training}
    return model(**told, logits_to_keep=labels.shape[1]).logits


TASKS: dict[Family, Task] = {
    "vit": Task(CLUTTERED_DIGITS, _cluttered_digits, _classes, ("",), _training_digits),
    "vlm": Task(DIGIT_GRID, _digit_grid, _words, ("multi_modal_projector",), _training_digits),
    "encoder": Task(STORYWORLD_ENCODER, _stories, _places, ("",), _no_digits),
}
