"""Costs counted on shapes alone, on torch's ``meta`` device: nothing is computed and no weights are needed.

A ViT-H takes a second. The numbers are those of a real pass, to the last multiply-accumulate. Two kinds of models:

- any timm ViT, ``NAME`` or ``NAME@PIXELS`` for another image size;
- the language model of a LLaVA, ``llava-1.5-7b-decoder`` and others, with ``+TOKENS`` of text beside the image. Its
  layers alone are counted, as papers on image tokens do: no vision tower, no word head, no work of the method's own.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from prunarium.bench.acting import check_acted
from prunarium.bench.benchmarks import classify
from prunarium.bench.closed_forms import decoder_macs
from prunarium.bench.counters import audit, count_macs
from prunarium.bench.decoders import DECODERS, Decoder
from prunarium.bench.few_layers import number_after
from prunarium.bench.run import Run, TokensLeft
from prunarium.bench.samples import InMemory, Inputs
from prunarium.bench.workload import Workload
from prunarium.errors import PrunariumError, did_you_mean
from prunarium.families import Shape, shape_of, tokens_per_block, tokens_read
from prunarium.records import Cost, Quality

DEVICE = "meta"
WEIGHTS = "none: counted on shapes"


def run_on_shapes(run: Run) -> Run:
    """The same run, counted on shapes."""
    kind = DecoderRun if run.workload.model_name.partition("+")[0] in DECODERS else ShapesRun
    return kind(run.card, run.method, run.workload, run.command, ())


class ShapesRun(Run):
    """A run of which only the cost comes out."""

    def _quality(self) -> tuple[list[Quality], dict[str, Quality], TokensLeft]:
        workload = self.workload
        if self.method.adaptive:
            raise PrunariumError(
                f"how many tokens {self.method!r} keeps depends on the data, and --device meta has none"
            )
        with self.method.apply(workload.model) as handle, torch.inference_mode():
            workload.answer(workload.model, workload.data.batch(0, 1, workload.device))
            report = handle.report()
            return [], {}, TokensLeft(report.tokens_in[0], np.asarray(report.tokens_out, dtype=float))


class DecoderRun(ShapesRun):
    """The layers of a decoder, each counted with the tokens that the method leaves it."""

    def _quality(self) -> tuple[list[Quality], dict[str, Quality], TokensLeft]:
        left = np.asarray(tokens_per_block(self.method, self._shape), dtype=float)
        return [], {}, TokensLeft(self._decoder.image_tokens, left)

    def _cost(self, tokens: TokensLeft) -> Cost:
        left = [int(count) for count in tokens.left]
        read = tokens_read(self.method, self._shape)
        untouched = [self._decoder.image_tokens] * len(left)
        check_acted(self.method, self.workload.model, untouched, tokens.left)
        return Cost(
            macs_baseline=self._count(untouched),
            macs=self._count(read),
            macs_own=0,
            tokens_baseline=untouched,
            tokens=[float(count) for count in left],
            budget=round(sum(left) / sum(untouched), 6),
        )

    @property
    def _shape(self) -> Shape:
        return replace(shape_of(self.method, self.workload.model), tokens=self._decoder.image_tokens)

    @property
    def _decoder(self) -> Decoder:
        return DECODERS[self.workload.model_name.partition("+")[0]]

    def _count(self, image_tokens: list[int]) -> int:
        model: Any = self.workload.model
        layers, text = model.model.language_model.layers, number_after("+", self.workload.model_name) or 0
        total = 0
        for count in set(image_tokens):  # the layers are alike
            hidden = torch.empty(1, count + text, self._decoder.width, device=DEVICE)
            rotary = torch.empty(1, count + text, layers[0].self_attn.head_dim, device=DEVICE)
            counted = count_macs(layers[0], _layer, {"hidden": hidden, "rotary": rotary})
            audit(counted, decoder_macs(layers[:1], [count + text]))
            total += image_tokens.count(count) * counted.total
        return total


def _layer(layer: nn.Module, inputs: Inputs) -> Tensor:
    return layer(inputs["hidden"], position_embeddings=(inputs["rotary"], inputs["rotary"]))


def workload_on_shapes(name: str | None, **others: Any) -> Workload:
    """The workload of a model by its name, without weights.

    Args:
        name: of a model, as above.
        others: options of a cell that mean nothing here; all must be empty.

    Raises:
        PrunariumError: there is no such model, or an option that needs a computation is given.
    """
    given = [f"--{option}" for option, value in others.items() if value is not None]
    if name is None or given:
        what = " and ".join(given) + " cannot be given" if given else "--model is missing"
        raise PrunariumError(f"--device {DEVICE} counts a model's cost on shapes alone: {what}")
    if (plain := name.partition("+")[0]) in DECODERS:
        number_after("+", name)
        return _workload(DECODERS[plain].build(), name, torch.empty(1, 0, device=DEVICE), _never)
    model = _vit(name)
    height, width = model.patch_embed.img_size
    channels = model.patch_embed.proj.in_channels
    return _workload(model, name, torch.empty(1, channels, height, width, device=DEVICE), classify)


def _workload(model: nn.Module, name: str, images: Tensor, answer: Any) -> Workload:
    data = InMemory({"images": images}, None, np.zeros((1, 1, 1), dtype=np.uint8))
    return Workload(model, name, data, 1, 1, answer, torch.device(DEVICE), WEIGHTS, noise=True)


def _never(model: nn.Module, inputs: Inputs) -> Tensor:
    raise PrunariumError("a decoder on shapes is not run as a whole; give the parameter with --param, not a --budget")


def _vit(name: str) -> Any:
    import timm

    plain, pixels = name.partition("@")[0], number_after("@", name)
    architecture = plain.partition(".")[0]
    if not timm.is_model(architecture):
        known = [*timm.list_models(), *DECODERS]
        raise PrunariumError(f"there is no model '{plain}' to count{did_you_mean(architecture, known)}")
    with torch.device(DEVICE):
        try:
            model: Any = timm.create_model(architecture, **({"img_size": pixels} if pixels else {}))
        except (AssertionError, TypeError, ValueError) as error:
            raise PrunariumError(f"--model {name}: timm cannot make it: {error}") from error
    patch_embed = getattr(model, "patch_embed", None)
    if patch_embed is None or not hasattr(patch_embed, "patch_size"):
        raise PrunariumError(f"--model {name}: is no vision transformer; only those can be counted on shapes")
    if pixels and pixels % patch_embed.patch_size[0]:
        raise PrunariumError(f"--model {name}: {pixels} pixels are no whole number of {patch_embed.patch_size[0]}")
    return model.eval()
