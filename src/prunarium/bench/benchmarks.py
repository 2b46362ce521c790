"""The benchmarks that run anywhere, offline, in seconds: data made on the spot and a small shipped model."""

import functools
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from prunarium.bench import cluttered_digits, digit_grid, models
from prunarium.errors import PrunariumError, did_you_mean

Inputs = dict[str, Tensor]
TEST_SEED = 0


@dataclass(frozen=True)
class Samples:
    """Inputs of a model, what is right, and the pictures that a person would look at.

    Attributes:
        inputs: keyword arguments of the model's forward pass, each ``[samples, ...]``.
        labels: right answers ``[samples]``; ``None`` where nobody knows them.
        images: uint8 ``[samples, height, width]`` or ``[samples, height, width, 3]``.
        captions: what a person is told beside each image.
    """

    inputs: Inputs
    labels: Tensor | None
    images: np.ndarray
    captions: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.images)

    def checksum(self) -> str:
        """sha256 of the images, the inputs that are not made of them, and the labels."""
        digest = hashlib.sha256(self.images.tobytes())
        for name in sorted(self.inputs):
            if not self.inputs[name].is_floating_point():
                digest.update(self.inputs[name].numpy().tobytes())
        digest.update(self.labels.numpy().tobytes() if self.labels is not None else b"")
        return digest.hexdigest()

    def batch(self, start: int, size: int, device: torch.device) -> Inputs:
        """Inputs of ``size`` samples from ``start`` on; from the beginning again where the samples run out."""
        which = torch.arange(start, start + size) % len(self)
        return {name: values[which].to(device) for name, values in self.inputs.items()}


@dataclass(frozen=True)
class Benchmark:
    """Data, model and metric (accuracy) under one name. A revision goes up when the data change."""

    name: str
    revision: int
    family: str
    summary: str
    samples: int
    patch: int
    large_batch: int
    make: Callable[[int, int], Samples]
    build: Callable[[], nn.Module]
    weights: Path
    answer: Callable[[nn.Module, Inputs], Tensor]

    def data(self) -> Samples:
        """The test samples: the same bytes everywhere."""
        return self.make(self.samples, TEST_SEED)

    def model(self) -> nn.Module:
        """The shipped model with its weights."""
        return models.load_weights(self.build(), self.weights)


def classify(model: nn.Module, inputs: Inputs) -> Tensor:
    """Class scores of an image model ``[batch, classes]``."""
    return model(inputs["images"])


def _cluttered_digits(count: int, seed: int) -> Samples:
    images, labels, _ = cluttered_digits.generate(count, seed)
    inputs = {"images": torch.from_numpy(images)[:, None] / 255}
    return Samples(inputs, torch.from_numpy(labels), images, tuple(f"a whole {label}" for label in labels))


CLUTTERED_DIGITS = Benchmark(
    name="cluttered-digits",
    revision=cluttered_digits.REVISION,
    family="vit",
    summary="name the one whole handwritten digit among torn pieces of others (64 patch tokens)",
    samples=2000,
    patch=4,
    large_batch=64,
    make=_cluttered_digits,
    build=models.cluttered_digits_vit,
    weights=models.WEIGHTS / "cluttered-digits.safetensors",
    answer=classify,
)


def next_word(model: nn.Module, inputs: Inputs) -> Tensor:
    """Scores of the word that follows a prompt ``[batch, vocabulary]``."""
    return model(**inputs, logits_to_keep=1).logits[:, -1]


def _digit_grid(count: int, seed: int) -> Samples:
    images, prompts, answers = digit_grid.generate(count, seed)
    inputs = {"input_ids": torch.from_numpy(prompts), "pixel_values": torch.from_numpy(images)[:, None] / 255}
    asked = (" ".join(digit_grid.VOCABULARY[word] for word in prompt[-2:]) for prompt in prompts)
    captions = tuple(f"{cell}? {answer}" for cell, answer in zip(asked, answers, strict=True))
    return Samples(inputs, torch.from_numpy(answers), images, captions)


DIGIT_GRID = Benchmark(
    name="digit-grid",
    revision=digit_grid.REVISION,
    family="vlm",
    summary="name the digit in the cell of a 3 x 3 grid that the question asks for (81 image tokens)",
    samples=1000,
    patch=digit_grid.PATCH,
    large_batch=64,
    make=_digit_grid,
    build=models.digit_grid_llava,
    weights=models.WEIGHTS / "digit-grid.safetensors",
    answer=next_word,
)


@functools.cache
def benchmarks() -> dict[str, Benchmark]:
    """Every embedded benchmark by its name."""
    return {benchmark.name: benchmark for benchmark in (CLUTTERED_DIGITS, DIGIT_GRID)}


def find_benchmark(name: str) -> Benchmark:
    """A benchmark by its name.

    Raises:
        PrunariumError: there is none of that name.
    """
    known = benchmarks()
    if name not in known:
        raise PrunariumError(f"there is no benchmark '{name}'{did_you_mean(name, known)}; there are {', '.join(known)}")
    return known[name]
