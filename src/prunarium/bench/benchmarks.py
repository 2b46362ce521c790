"""The benchmarks: those that run anywhere, offline, in seconds, and those on a user's folder of images."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from prunarium.bench import cluttered_digits, digit_grid, image_folder, models, responses
from prunarium.bench.responses import Answer, Respond, best_classes, generated_words
from prunarium.bench.samples import InMemory, Inputs
from prunarium.errors import PrunariumError, did_you_mean
from prunarium.records import Family
from prunarium.records.score import Metric

if TYPE_CHECKING:
    from prunarium.bench.prompt_benchmarks import PromptBenchmark

TEST_SEED = 0


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """A question put to a model, under one name. A revision goes up when the data or the question change.

    Attributes:
        metrics: by which answers are judged; the first is the main one.
    """

    name: str
    revision: int
    family: Family
    summary: str
    metrics: tuple[Metric, ...]


@dataclass(frozen=True, kw_only=True)
class EmbeddedBenchmark(Benchmark):
    """A benchmark that brings its data, which are made on the spot, and its small model.

    Attributes:
        patch: pixels along a patch; 0 where the inputs are text.
        answer: the forward pass whose cost is measured: scores of a batch ``[batch, answers]``.
        respond: what the model says, which is judged.
    """

    metrics: tuple[Metric, ...] = ("accuracy",)
    samples: int
    patch: int
    large_batch: int
    make: Callable[[int, int], InMemory]
    build: Callable[[], nn.Module]
    weights: Path
    answer: Answer
    respond: Respond

    @property
    def pictured(self) -> bool:
        """Whether the inputs are images, so that maps of their patches can be drawn."""
        return self.patch > 0

    def data(self) -> InMemory:
        """The test samples: the same bytes everywhere."""
        return self.make(self.samples, TEST_SEED)

    def right(self, said: ArrayLike, labels: ArrayLike) -> np.ndarray:
        """Whether each sample is answered rightly, by the main metric ``[samples]``."""
        return responses.right(said, labels, self.metrics[0])

    def model(self) -> nn.Module:
        """The shipped model with its weights."""
        return models.load_weights(self.build(), self.weights)


@dataclass(frozen=True, kw_only=True)
class FolderBenchmark(Benchmark):
    """A benchmark on a user's folder of class folders, with any timm classifier that knows these classes.

    Attributes:
        number_classes: which of the model's classes each class folder is, by the folder's name.
    """

    metrics: tuple[Metric, ...] = ("top-1", "top-5")
    number_classes: image_folder.NumberClasses


@dataclass(frozen=True, kw_only=True)
class QuestionBenchmark(Benchmark):
    """A benchmark on a user's data set of questions about images, with any vision-language model from a directory.

    Attributes:
        instruction: follows every question.
        words: that are generated at most.
    """

    metrics: tuple[Metric, ...] = ("vqa accuracy", "exact match")
    instruction: str
    words: int


def classify(model: nn.Module, inputs: Inputs) -> Tensor:
    """Class scores of an image model ``[batch, classes]``."""
    return model(inputs["images"])


name_classes = best_classes(classify)


def _cluttered_digits(count: int, seed: int) -> InMemory:
    images, labels, _ = cluttered_digits.generate(count, seed)
    inputs = {"images": torch.from_numpy(images)[:, None] / 255}
    return InMemory(inputs, torch.from_numpy(labels), images, tuple(f"a whole {label}" for label in labels))


CLUTTERED_DIGITS = EmbeddedBenchmark(
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
    respond=name_classes,
)


def next_word(model: nn.Module, inputs: Inputs) -> Tensor:
    """Scores of the word that follows a prompt ``[batch, vocabulary]``."""
    return model(**inputs, logits_to_keep=1).logits[:, -1]


def _digit_grid(count: int, seed: int) -> InMemory:
    asked = digit_grid.generate(count, seed)
    pixels = torch.from_numpy(asked.images).permute(0, 3, 1, 2).contiguous() / 255
    inputs = {"input_ids": torch.from_numpy(asked.prompts), "pixel_values": pixels}
    pairs = zip(asked.prompts, asked.answers, strict=True)
    captions = tuple(f"{digit_grid.in_words(prompt)}? {digit_grid.in_words(answer)}" for prompt, answer in pairs)
    return InMemory(inputs, torch.from_numpy(asked.answers), asked.images, captions, asked.kinds)


DIGIT_GRID = EmbeddedBenchmark(
    name="digit-grid",
    revision=digit_grid.REVISION,
    family="vlm",
    summary="which digit, how many, the largest: questions about a 3 x 3 grid, answers generated (144 image tokens)",
    metrics=("exact match",),
    samples=900,
    patch=digit_grid.PATCH,
    large_batch=64,
    make=_digit_grid,
    build=models.digit_grid_llava,
    weights=models.WEIGHTS / "digit-grid.safetensors",
    answer=next_word,
    respond=generated_words(digit_grid.ANSWER_WORDS),
)


IMAGENET = FolderBenchmark(
    name="imagenet",
    revision=1,
    family="vit",
    summary="classify the ImageNet validation images, in folders named by WordNet id (--data)",
    number_classes=image_folder.by_wordnet_id,
)

IMAGE_FOLDER = FolderBenchmark(
    name="image-folder",
    revision=1,
    family="vit",
    summary="classify the images of any folder of class folders (--data)",
    number_classes=image_folder.by_name,
)


VQA = QuestionBenchmark(
    name="vqa",
    revision=1,
    family="vlm",
    summary="short answers, generated, to the questions of a Hugging Face data set in parquet files (--data)",
    instruction="Answer the question using a single word or phrase.",  # LLaVA-1.5's (arXiv 2310.03744, section 3.2)
    words=16,
)


@functools.cache
def benchmarks() -> dict[str, EmbeddedBenchmark]:
    """Every embedded benchmark by its name."""
    from prunarium.bench.story_benchmarks import STORY_BENCHMARKS  # which are made of what stands here

    return {benchmark.name: benchmark for benchmark in (CLUTTERED_DIGITS, DIGIT_GRID, *STORY_BENCHMARKS)}


@functools.cache
def folder_benchmarks() -> dict[str, FolderBenchmark]:
    """Every benchmark on a user's folder by its name."""
    return {benchmark.name: benchmark for benchmark in (IMAGENET, IMAGE_FOLDER)}


def shipped_benchmarks() -> "dict[str, EmbeddedBenchmark | PromptBenchmark]":
    """Every benchmark that brings its data and its models, those of prompts too, by its name."""
    from prunarium.bench.prompt_benchmarks import prompt_benchmarks  # which are made of what stands here

    return {**benchmarks(), **prompt_benchmarks()}


def find_benchmark(name: str) -> Any:
    """A benchmark by its name.

    Raises:
        PrunariumError: there is none of that name.
    """
    from prunarium.bench.text_benchmarks import TEXT_BENCHMARKS  # which are made of what is here

    known: dict[str, Any] = {
        **shipped_benchmarks(),
        **folder_benchmarks(),
        VQA.name: VQA,
        **TEXT_BENCHMARKS,
    }
    if name not in known:
        raise PrunariumError(f"there is no benchmark '{name}'{did_you_mean(name, known)}; there are {', '.join(known)}")
    return known[name]
