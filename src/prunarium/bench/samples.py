"""The inputs of a model with their right answers: held in memory, or read from files batch by batch."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from prunarium.errors import PrunariumError

Inputs = dict[str, Tensor]
ASIDE = frozenset({"sample", "offsets", "words"})
"""Inputs that no model takes: what it takes to judge the answer."""


class Pictures(Protocol):
    """What a person would look at, one sample at a time."""

    def __getitem__(self, index: int, /) -> np.ndarray:
        """uint8 ``[height, width]`` or ``[height, width, 3]``, cut as the model sees it."""
        ...


class Samples(Protocol):
    """Inputs of a model, what is right, and the pictures that a person would look at."""

    @property
    def labels(self) -> Tensor | None:
        """Right answers; ``None`` where nobody knows them.

        int64: classes ``[samples]``, generated words ``[samples, words]``, or several right answers of such words
        ``[samples, answers, words]``.
        """
        ...

    @property
    def kinds(self) -> Sequence[str]:
        """The kind of question that each sample asks; empty where all are of one kind."""
        ...

    @property
    def images(self) -> Pictures:
        """The picture of each sample."""
        ...

    @property
    def captions(self) -> Sequence[str]:
        """What a person is told beside each picture; may be empty."""
        ...

    @property
    def words(self) -> Sequence[Sequence[str]]:
        """The tokens of each sample as a person reads them; empty where the inputs are images."""
        ...

    def __len__(self) -> int: ...

    def checksum(self) -> str:
        """sha256 of the data: of what is read, whatever a model makes of it."""
        ...

    def batch(self, start: int, size: int, device: torch.device) -> Inputs:
        """Inputs of ``size`` samples from ``start`` on; from the beginning again where the samples run out.

        Raises:
            PrunariumError: a sample cannot be read.
        """
        ...

    def batches(self, size: int, device: torch.device) -> Iterator[Inputs]:
        """All samples in order, ``size`` at a time; the last batch is what is left. Files are read ahead.

        Raises:
            PrunariumError: a sample cannot be read.
        """
        ...


@dataclass(frozen=True)
class InMemory:
    """Samples that are all in memory.

    Attributes:
        inputs: keyword arguments of the model's forward pass, each ``[samples, ...]``.
        labels: right answers, as in ``Samples``; ``None`` where nobody knows them.
        images: uint8 ``[samples, height, width]`` or ``[samples, height, width, 3]``; of no pixels where the inputs are
            text, see ``no_images``.
        captions: what a person is told beside each image.
        kinds: of question, one for each sample; empty where all are of one kind.
        words: as in ``Samples``.
    """

    inputs: Inputs
    labels: Tensor | None
    images: np.ndarray
    captions: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    words: tuple[Sequence[str], ...] = ()

    def __len__(self) -> int:
        return len(self.images)

    def first(self, count: int) -> "InMemory":
        """The first samples alone."""
        return InMemory(
            {name: values[:count] for name, values in self.inputs.items()},
            None if self.labels is None else self.labels[:count],
            self.images[:count],
            self.captions[:count],
            self.kinds[:count],
            self.words[:count],
        )

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

    def batches(self, size: int, device: torch.device) -> Iterator[Inputs]:
        """All samples in order, ``size`` at a time; the last batch is what is left."""
        for start in range(0, len(self), size):
            yield self.batch(start, min(size, len(self) - start), device)


def for_model(inputs: Inputs) -> Inputs:
    """What of some inputs a model takes."""
    return {name: value for name, value in inputs.items() if name not in ASIDE}


def no_images(count: int) -> np.ndarray:
    """The images of samples that have none ``[count, 0, 0]``."""
    return np.empty((count, 0, 0), np.uint8)


def check_count(wanted: int | None, there: int, what: str) -> int:
    """How many samples to take: ``wanted`` of those that are there, or all.

    Raises:
        PrunariumError: there are not so many, or none are wanted.
    """
    if wanted is None:
        return there
    if not 1 <= wanted <= there:
        raise PrunariumError(f"--samples {wanted}: {what} has {there}; give a number from 1 to {there}")
    return wanted
