"""Prompts with an image each as samples: a processor makes the inputs, batch by batch."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from prunarium.bench.answer_texts import right_answers
from prunarium.bench.hub_models import HubModel
from prunarium.bench.image_folder import as_seen
from prunarium.bench.question_files import Question, QuestionFiles
from prunarium.bench.samples import Inputs
from prunarium.errors import PrunariumError


@dataclass(frozen=True)
class Prompts:
    """Prompts, each with one image.

    Attributes:
        hub: whose processor makes the inputs.
        texts: the prompts, chat template and place of the image included.
        picture: the RGB image of a prompt, by its number.
        digest: the hash of what ``picture`` reads, by its number.
        labels: right answers, as in ``Samples``; ``None`` where nobody knows them.
        kinds: of question; empty where nobody tells them.
        captions: what a person is told beside each image.
    """

    hub: HubModel
    texts: Sequence[str]
    picture: Callable[[int], Any]
    digest: Callable[[int], str]
    labels: Tensor | None
    kinds: Sequence[str] = ()
    captions: Sequence[str] = ()
    words: Sequence[Sequence[str]] = ()  # what is drawn is the image

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def images(self) -> "_Seen":
        """The picture of each sample, read when it is asked for."""
        return _Seen(self)

    def checksum(self) -> str:
        """sha256 over the image and the prompt of every sample, and the right answers."""
        digest = hashlib.sha256()
        for number, text in enumerate(self.texts):
            digest.update(f"{self.digest(number)}\0{text}\n".encode())
        digest.update(self.labels.numpy().tobytes() if self.labels is not None else b"")
        return digest.hexdigest()

    def batch(self, start: int, size: int, device: torch.device) -> Inputs:
        """Inputs of ``size`` samples from ``start`` on; from the beginning again where the samples run out.

        Raises:
            PrunariumError: an image cannot be read, or is not one that the processor takes.
        """
        which = [index % len(self) for index in range(start, start + size)]
        images = [self.picture(number) for number in which]
        try:
            made = self.hub.processor(
                text=[self.texts[number] for number in which], images=images, padding=True, return_tensors="pt"
            )
        except (ValueError, TypeError, AttributeError, RuntimeError) as error:
            raise PrunariumError(
                f"{self.hub.name}: the processor cannot take sample {which[0]} (the first is 0): "
                f"{str(error).splitlines()[0] if str(error) else type(error).__name__}"
            ) from error
        return {name: value.to(device) for name, value in made.items() if isinstance(value, Tensor)}

    def batches(self, size: int, device: torch.device) -> Iterator[Inputs]:
        """All samples in order, ``size`` at a time; the last batch is what is left."""
        for start in range(0, len(self), size):
            yield self.batch(start, min(size, len(self) - start), device)


@dataclass(frozen=True)
class _Seen:
    samples: Prompts

    def __getitem__(self, index: int, /) -> np.ndarray:
        """The image at the size at which its patches are cut; of one cut into tiles, the thumbnail."""
        inputs = self.samples.batch(index, 1, torch.device("cpu"))
        if "image_grid_thw" in inputs:
            _, height, width = inputs["image_grid_thw"][0].tolist()
            side = self.samples.hub.model.config.vision_config.patch_size
            return np.asarray(self.samples.picture(index).resize((width * side, height * side)))
        pixels, processor = inputs["pixel_values"], self.samples.hub.processor.image_processor
        return as_seen(pixels.flatten(0, -4)[0], processor.image_mean, processor.image_std)


def one_prompt(hub: HubModel, image: Any, question: str) -> Prompts:
    """One question about one RGB image; nobody knows the answer.

    Raises:
        PrunariumError: the model cannot be asked so.
    """
    content = hashlib.sha256(np.asarray(image).tobytes()).hexdigest()
    return Prompts(hub, [hub.prompt(question)], lambda _: image, lambda _: content, labels=None, captions=[question])


def all_questions(hub: HubModel, files: QuestionFiles, questions: Sequence[Question], instruction: str) -> Prompts:
    """Questions of a data set with their right answers, an instruction after each.

    Raises:
        PrunariumError: the model cannot be asked so.
    """
    kinds = [question.kind for question in questions]
    return Prompts(
        hub,
        texts=[hub.prompt(f"{question.text}\n{instruction}") for question in questions],
        picture=lambda number: files.image(questions[number].row),
        digest=lambda number: files.digest(questions[number].row),
        labels=right_answers([question.answers for question in questions]),
        kinds=kinds if all(kinds) else (),
        captions=[question.text for question in questions],
    )
