"""Texts as samples of a model: token ids, filled up batch by batch."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from prunarium.bench.responses import Answer, Respond
from prunarium.bench.samples import Inputs, no_images

Encoded = Mapping[str, Sequence[Any]]
"""One text: ``input_ids`` and what else the tokenizer gave, or is to be kept beside it, for each token."""


@dataclass(frozen=True)
class Texts:
    """Texts of different lengths.

    Attributes:
        rows: each text's tokens.
        content: what was read of each sample, right answers included, whatever a tokenizer makes of it.
        labels: right answers, as in ``Samples``; ``None`` where nobody knows them.
        pad: the token id that fills up.
        left: whether texts are filled up on the left, as decoders need it.
        captions: what a person is told of each sample.
        kinds: as in ``Samples``.
        spell: the tokens of some ids as a person reads them.
    """

    rows: Sequence[Encoded]
    content: Sequence[str]
    labels: Tensor | None
    pad: int
    left: bool = False
    captions: Sequence[str] = ()
    kinds: Sequence[str] = ()
    spell: Callable[[Sequence[int]], Sequence[str]] = lambda ids: [str(number) for number in ids]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def images(self) -> np.ndarray:
        """There are none."""
        return no_images(len(self))

    @property
    def words(self) -> "Spelled":
        """The tokens of each sample, spelled when they are asked for."""
        return Spelled(self)

    def checksum(self) -> str:
        """sha256 over all that was read, sample by sample."""
        return hashlib.sha256("\0".join(self.content).encode(errors="surrogatepass")).hexdigest()

    def batch(self, start: int, size: int, device: torch.device) -> Inputs:
        """Inputs of ``size`` samples from ``start`` on; from the beginning again where the samples run out. Beside what
        models take is ``sample``, the number of each ``[batch]``."""
        which = [index % len(self) for index in range(start, start + size)]
        rows = [self.rows[index] for index in which]
        width = max(len(row["input_ids"]) for row in rows)
        inputs = {name: self._filled([row[name] for row in rows], name, width) for name in rows[0]}
        real = [[1] * len(row["input_ids"]) for row in rows]
        inputs["attention_mask"] = self._filled(real, "attention_mask", width)
        inputs["sample"] = torch.tensor(which)
        return {name: value.to(device) for name, value in inputs.items()}

    def batches(self, size: int, device: torch.device) -> Iterator[Inputs]:
        """All samples in order, ``size`` at a time; the last batch is what is left."""
        for start in range(0, len(self), size):
            yield self.batch(start, min(size, len(self) - start), device)

    def _filled(self, parts: Sequence[Sequence[Any]], name: str, width: int) -> Tensor:
        """What is no single number for each token, such as words that come after it, is alike in all samples."""
        fill: Any = self.pad if name == "input_ids" else (0, 0) if name == "offsets" else 0
        if name == "words":
            return torch.tensor([list(part) for part in parts])
        rows = []
        for part in parts:
            room = [fill] * (width - len(part))
            rows.append([*room, *part] if self.left else [*part, *room])
        return torch.tensor(rows)


@dataclass(frozen=True)
class Spelled(Sequence[Sequence[str]]):
    """The tokens of texts as a person reads them; several are filled up with empty ones, as their batch is."""

    texts: Texts

    def __len__(self) -> int:
        return len(self.texts)

    def __getitem__(self, index: Any) -> Any:
        rows, spell = self.texts.rows[index], self.texts.spell
        if not isinstance(index, slice):
            return spell(rows["input_ids"])
        width = max((len(row["input_ids"]) for row in rows), default=0)
        return [self._filled(spell(row["input_ids"]), width) for row in rows]

    def _filled(self, words: Sequence[str], width: int) -> list[str]:
        room = [""] * (width - len(words))
        return [*room, *words] if self.texts.left else [*words, *room]


@dataclass(frozen=True)
class Task:
    """What a text model is asked, and how it answers.

    Attributes:
        data: the samples.
        answer: the forward pass whose cost is measured.
        respond: what the model says, which is judged.
        batch: samples that are answered at a time.
        large_batch: a batch size at which throughput is measured.
        varied: whether samples differ in length.
        note: what a person should know of the data.
    """

    data: Texts
    answer: Answer
    respond: Respond
    batch: int
    large_batch: int
    varied: bool = True
    note: str = ""
