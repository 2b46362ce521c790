"""LLaVAs by the shapes of their language models, for costs and times that need no trained weights."""

import re
from dataclasses import dataclass, replace
from math import isqrt

import torch
from torch import Tensor, nn

from prunarium.errors import PrunariumError

HEAD_DIM = 128
PATCH = 14
TEXT = 64
_FEW_LAYERS = re.compile(r"(?P<model>.+)-(?P<layers>\d+)-of-(?P<depth>\d+)-layers(?P<text>\+.*)?")


@dataclass(frozen=True)
class VisionTower:
    """A CLIP tower; by default the ViT-L/14 of the LLaVAs."""

    layers: int = 24
    width: int = 1024
    feed_forward: int = 4096


@dataclass(frozen=True)
class Decoder:
    """A Llama inside a LLaVA.

    Attributes:
        image_tokens: of the usual image.
        words: in the vocabulary.
    """

    layers: int
    width: int
    feed_forward: int
    image_tokens: int
    words: int = 32064
    tower: VisionTower = VisionTower()

    def build(self) -> nn.Module:
        """A whole Llava around it on the ``meta`` device, with the smallest vision tower: the tower is never run."""
        tower = VisionTower(layers=1, width=64, feed_forward=256)
        with torch.device("meta"):
            return replace(self, tower=tower).llava(image_size=PATCH)

    def llava(self, image_size: int) -> nn.Module:
        """A whole Llava with random weights, for square images of so many pixels a side."""
        from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration

        text = LlamaConfig(
            vocab_size=self.words,
            hidden_size=self.width,
            intermediate_size=self.feed_forward,
            num_hidden_layers=self.layers,
            num_attention_heads=self.width // HEAD_DIM,
        )
        vision = CLIPVisionConfig(
            hidden_size=self.tower.width,
            intermediate_size=self.tower.feed_forward,
            num_hidden_layers=self.tower.layers,
            num_attention_heads=self.tower.width // 64,
            image_size=image_size,
            patch_size=PATCH,
        )
        config = LlavaConfig(text_config=text, vision_config=vision, image_token_id=self.words - 1)
        return LlavaForConditionalGeneration(config).eval()


DECODERS = {
    "llava-1.5-7b-decoder": Decoder(32, 4096, 11008, 576),
    "llava-1.5-13b-decoder": Decoder(40, 5120, 13824, 576),
    "llava-next-7b-decoder": Decoder(32, 4096, 11008, 2880),
    "llava-next-13b-decoder": Decoder(40, 5120, 13824, 2880),
}


@dataclass(frozen=True)
class FewLayers:
    """A LLaVA of some of a decoder's layers, each at its full width, and one prompt.

    Tower and vocabulary shrink with the depth, so that tower, language model and word head take the shares of the cost
    that they take in the whole model.

    Attributes:
        whole: what it is a part of.
        layers: of the language model.
        text: tokens of the prompt beside the image.
    """

    whole: Decoder
    layers: int
    text: int = TEXT

    @property
    def part(self) -> Decoder:
        """The decoder as it is built."""

        def share(count: int, least: int) -> int:
            return max(least, round(count * self.layers / self.whole.layers))

        tower = replace(self.whole.tower, layers=share(self.whole.tower.layers, least=2))
        return replace(self.whole, layers=self.layers, words=share(self.whole.words, least=64), tower=tower)

    @property
    def image_size(self) -> int:
        """Pixels a side."""
        return isqrt(self.whole.image_tokens) * PATCH

    def build(self, device: torch.device, seed: int) -> nn.Module:
        """The model with random weights."""
        torch.manual_seed(seed)
        with device:
            return self.part.llava(self.image_size)

    def inputs(self, seed: int) -> dict[str, Tensor]:
        """A prompt of random words around one image of noise."""
        draw = torch.Generator().manual_seed(seed)
        image = self.part.words - 1
        words = torch.randint(3, image, (1, self.text), generator=draw)
        before, after = words.split([self.text // 2, self.text - self.text // 2], dim=1)
        ids = torch.cat([before, torch.full((1, self.whole.image_tokens), image), after], dim=1)
        pixels = torch.randn(1, 3, self.image_size, self.image_size, generator=draw)
        return {"input_ids": ids, "pixel_values": pixels}


def few_layers(name: str) -> FewLayers | None:
    """What ``llava-1.5-7b-5-of-32-layers+64`` means: five of its layers, with 64 tokens of text; 64 also without it.

    Returns:
        ``None`` for names of another form.

    Raises:
        PrunariumError: there is no such decoder, or it has not so many layers.
    """
    said = _FEW_LAYERS.fullmatch(name)
    if said is None:
        return None
    square = {known: one for known, one in DECODERS.items() if isqrt(one.image_tokens) ** 2 == one.image_tokens}
    whole = square.get(f"{said['model']}-decoder")
    if whole is None or int(said["depth"]) != whole.layers or not 1 <= int(said["layers"]) <= whole.layers:
        known = ", ".join(f"{one.removesuffix('-decoder')}-N-of-{square[one].layers}-layers" for one in square)
        raise PrunariumError(f"--model {name}: there is no such part of a model; there are {known}")
    return FewLayers(whole, int(said["layers"]), number_after("+", name) or TEXT)


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
