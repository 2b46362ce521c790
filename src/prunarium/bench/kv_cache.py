"""The key-value cache that a prompt leaves: its bytes, measured on its tensors and held against the closed form."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from prunarium.bench.samples import Inputs, for_model
from prunarium.errors import PrunariumError
from prunarium.families import Handle, Report
from prunarium.records import Cache, Family

CACHING: tuple[Family, ...] = ("vlm", "decoder")
"""Families whose models leave a cache."""

TOO_MANY = "too many: what was dropped is still in memory behind a view; let the method copy what it leaves"
MISSING = "missing: a layer holds less than its report says"


@dataclass(frozen=True)
class Held:
    """What one prompt left.

    Attributes:
        bytes: of keys and values, all layers.
        entries: tokens that each layer holds, mean over its key heads.
        read: image tokens in each layer while the prompt was read, all tokens where there is no image; empty for the
            untouched model.
    """

    bytes: int
    entries: list[float]
    read: list[int]


def read_prompt(model: Any, inputs: Inputs) -> Any:
    """Have a model read a prompt; the cache that it fills. Inputs take on the model's precision."""
    given = for_model(inputs).items()
    prompt = {name: value.to(model.dtype) if value.is_floating_point() else value for name, value in given}
    return model(**prompt, use_cache=True, logits_to_keep=1).past_key_values


@torch.inference_mode()
def held_after(model: nn.Module, inputs: Inputs, handle: Handle | None = None) -> Held:
    """What the prompt of one sample leaves.

    Args:
        model: of one of the families ``CACHING``.
        inputs: of one sample.
        handle: of the method in the model; without it the model is untouched.

    Raises:
        PrunariumError: measured bytes and closed form disagree.
    """
    cache, length = read_prompt(model, inputs), inputs["input_ids"].shape[1]
    report = handle.report() if handle else None
    room = room_of(report, length) if report else [length] * len(cache.layers)
    found = bytes_of(cache)
    audit(found, closed_form(model, room, cache.layers[0].keys.dtype))
    if report is None:
        return Held(found, [float(count) for count in room], [])
    seen = [
        float(count) if record.seen is None else record.seen for record, count in zip(report.blocks, room, strict=True)
    ]
    return Held(found, seen, report.tokens_out)


def room_of(report: Report, length: int) -> list[int]:
    """Tokens that each key head of each layer must have room for, once a prompt of ``length`` tokens has been read."""
    text = length - report.tokens_in[0]
    return [text + record.tokens_out if record.room is None else record.room for record in report.blocks]


def bytes_of(cache: Any) -> int:
    """Bytes of memory behind the keys and values of all layers; what two tensors share counts once."""
    parts = [part.untyped_storage() for layer in cache.layers for part in (layer.keys, layer.values)]
    return sum({storage.data_ptr(): storage.nbytes() for storage in parts}.values())


def tensors_of(cache: Any) -> dict[str, Tensor]:
    """All that the layers of a cache hold: what is known of their entries, and tokens that wait for a layer, too."""
    kept = [vars(layer) for layer in cache.layers]
    kept += [vars(layer.waiting) for layer in cache.layers if getattr(layer, "waiting", None) is not None]
    return {
        f"{number}.{name}": part
        for number, parts in enumerate(kept)
        for name, part in parts.items()
        if isinstance(part, Tensor)
    }


def closed_form(model: Any, entries: Sequence[int], dtype: torch.dtype) -> int:
    """Keys and values: 2 x entries x key heads x head dim x bytes of a number, summed over the layers, one sample.

    Args:
        model: whose cache it is.
        entries: that each key head of each layer has room for.
        dtype: of the numbers.
    """
    config = model.config.get_text_config()
    dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    return sum(2 * count * heads * dim * dtype.itemsize for count in entries)


def audit(found: int, due: int) -> None:
    """Hold measured bytes against the closed form.

    Raises:
        PrunariumError: they differ.
    """
    if found != due:
        raise PrunariumError(
            f"the key-value cache takes {found:,} bytes, the closed form has {due:,}, so {abs(found - due):,} are "
            f"{TOO_MANY if found > due else MISSING}"
        )


def as_cache(untouched: Sequence[Held], reduced: Sequence[Held]) -> Cache:
    """The record of some samples, read with and without a method: their means."""
    return Cache(
        bytes_baseline=round(_mean([one.bytes for one in untouched])),
        bytes=round(_mean([one.bytes for one in reduced])),
        entries_baseline=_means([one.entries for one in untouched]),
        entries=_means([one.entries for one in reduced]),
        tokens_read=_means([one.read for one in reduced]),
    )


def _means(counts: Sequence[Sequence[float]]) -> list[float]:
    """Of each layer."""
    return [round(_mean(layer), 3) for layer in zip(*counts, strict=True)]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
