"""Few layers of a large language model at their full width, which a machine without an accelerator can time."""

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isqrt
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from prunarium.bench.decoders import DECODERS, PATCH, TEXT_DECODERS, Decoder, TextDecoder
from prunarium.bench.one_image import noise
from prunarium.bench.samples import InMemory, no_images
from prunarium.bench.workload import WORDS
from prunarium.errors import PrunariumError

_FORM = re.compile(r"(?P<model>.+)-(?P<layers>\d+)-of-(?P<depth>\d+)-layers(?P<text>\+.*)?")


@dataclass(frozen=True)
class FewLayers(ABC):
    """Some layers of a model, each at its full width, and one prompt of noise.

    What is around them shrinks with the depth, so that each part takes the share of the cost that it takes in the whole
    model.

    Attributes:
        whole: what it is a part of.
        layers: of the language model.
        text: tokens of the prompt that are text.
        patch: pixels along what becomes a token; 0 where the model reads text alone.
        words: said after the prompt, to take the time of each.
    """

    whole: Decoder | TextDecoder
    layers: int
    text: int
    usual_text: ClassVar[int]
    patch: ClassVar[int]
    words: ClassVar[int]

    @abstractmethod
    def build(self, device: torch.device, seed: int) -> nn.Module:
        """The model with random weights."""

    @abstractmethod
    def data(self, seed: int) -> InMemory:
        """One prompt."""

    def share(self, count: int, least: int) -> int:
        """What is left of something of the whole model."""
        return max(least, round(count * self.layers / self.whole.layers))


@dataclass(frozen=True)
class LlavaLayers(FewLayers):
    """Of a LLaVA, whose vision tower and vocabulary shrink."""

    whole: Decoder
    usual_text: ClassVar[int] = 64
    patch: ClassVar[int] = PATCH
    words: ClassVar[int] = WORDS

    @property
    def part(self) -> Decoder:
        """The decoder as it is built."""
        tower = replace(self.whole.tower, layers=self.share(self.whole.tower.layers, least=2))
        return replace(self.whole, layers=self.layers, words=self.share(self.whole.words, least=64), tower=tower)

    @property
    def image_size(self) -> int:
        """Pixels a side."""
        return isqrt(self.whole.image_tokens) * PATCH

    def build(self, device: torch.device, seed: int) -> nn.Module:
        torch.manual_seed(seed)
        with device:
            return self.part.llava(self.image_size)

    def data(self, seed: int) -> InMemory:
        """Random words around one image of noise."""
        side = self.image_size
        return InMemory(self._inputs(seed), None, np.asarray(noise(side, side))[None])

    def _inputs(self, seed: int) -> dict[str, Tensor]:
        draw = torch.Generator().manual_seed(seed)
        image = self.part.words - 1
        words = torch.randint(3, image, (1, self.text), generator=draw)
        before, after = words.split([self.text // 2, self.text - self.text // 2], dim=1)
        ids = torch.cat([before, torch.full((1, self.whole.image_tokens), image), after], dim=1)
        pixels = torch.randn(1, 3, self.image_size, self.image_size, generator=draw)
        return {"input_ids": ids, "pixel_values": pixels}


@dataclass(frozen=True)
class LlamaLayers(FewLayers):
    """Of a Llama, whose vocabulary shrinks."""

    whole: TextDecoder
    usual_text: ClassVar[int] = 2048
    patch: ClassVar[int] = 0
    words: ClassVar[int] = 128

    @property
    def part(self) -> TextDecoder:
        """The decoder as it is built."""
        return replace(self.whole, layers=self.layers, words=self.share(self.whole.words, least=64))

    def build(self, device: torch.device, seed: int) -> nn.Module:
        torch.manual_seed(seed)
        with device:
            return self.part.llama()

    def data(self, seed: int) -> InMemory:
        """Random words."""
        draw = torch.Generator().manual_seed(seed)
        ids = torch.randint(3, self.part.words, (1, self.text), generator=draw)
        spelled: tuple[Sequence[str], ...] = tuple([str(word) for word in text] for text in ids.tolist())
        return InMemory({"input_ids": ids}, None, no_images(1), words=spelled)


def few_layers(name: str) -> FewLayers | None:
    """What ``llava-1.5-7b-5-of-32-layers+64`` means: five of its layers, with 64 tokens of text; 64 also without it. A
    Llama, such as ``llama-3.2-1b-4-of-16-layers``, reads 2,048 tokens.

    Returns:
        ``None`` for names of another form.

    Raises:
        PrunariumError: there is no such decoder, or it has not so many layers.
    """
    said = _FORM.fullmatch(name)
    if said is None:
        return None
    known = _known()
    whole = known.get(said["model"])
    if whole is None or int(said["depth"]) != whole.layers or not 1 <= int(said["layers"]) <= whole.layers:
        there = ", ".join(f"{one}-N-of-{whole.layers}-layers" for one, whole in known.items())
        raise PrunariumError(f"--model {name}: there is no such part of a model; there are {there}")
    layers, text = int(said["layers"]), number_after("+", name)
    if isinstance(whole, TextDecoder):
        return LlamaLayers(whole, layers, text or LlamaLayers.usual_text)
    return LlavaLayers(whole, layers, text or LlavaLayers.usual_text)


def _known() -> dict[str, Decoder | TextDecoder]:
    """Of LLaVAs those that read a whole image at once, which is square."""
    square = {name: one for name, one in DECODERS.items() if isqrt(one.image_tokens) ** 2 == one.image_tokens}
    return {**{name.removesuffix("-decoder"): one for name, one in square.items()}, **TEXT_DECODERS}


def number_after(sign: str, name: str) -> int | None:
    """What a model's name says after a sign; ``None`` where the sign is not in it.

    Raises:
        PrunariumError: it is no number above 0.
    """
    _, found, digits = name.partition(sign)
    if not found:
        return None
    if not digits.isdecimal() or int(digits) == 0:
        raise PrunariumError(f"--model {name}: needs a number above 0 after '{sign}'")
    return int(digits)
