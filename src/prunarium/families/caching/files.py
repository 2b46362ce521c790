"""The key-value cache that a method leaves of a prompt, in a file, to go on from in another process."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

from prunarium.catalog.writing import write_bytes
from prunarium.errors import PrunariumError
from prunarium.families.caching.held import HeldLayer, SlotLayer, check_layers
from prunarium.families.caching.refusals import check_cache
from prunarium.ops import Entries, rotated

FORMAT = "prunarium cache 1"
_COUNTS = ("read", "left", "met")
_ROWS = 64
"""Of the embedding, by which a model is known again."""


@dataclass(frozen=True)
class KeptCache:
    """What a prompt left.

    Attributes:
        cache: a ``DynamicCache`` of transformers.
        words: the word that was said after the prompt, and that the model has not read yet ``[batch, 1]``.
        position: of that word ``[batch, 1]``.
        about: what was noted with it.
    """

    cache: Any
    words: Tensor
    position: Tensor
    about: Mapping[str, str]

    def going_on(self) -> dict[str, Any]:
        """Arguments of ``model.generate`` with which it goes on, greedily or not; ``words`` come first in what it
        returns."""
        seen = self.cache.get_seq_length() + 1
        return {
            "input_ids": self.words,
            "attention_mask": self.words.new_ones(len(self.words), seen),
            "position_ids": self.position,
            "past_key_values": self.cache,
        }


def save_cache(path: Path, cache: Any, words: Tensor, model: Any, **about: str) -> None:
    """Write a cache as one safetensors file: keys, values and positions of each layer, and what methods know of them.

    Key heads and samples that hold fewer entries than others are filled up, and ``there`` says with what.

    Args:
        path: of the file.
        cache: that a prompt filled, with a method in the model or without one.
        words: the word that was said after the prompt ``[batch, 1]``.
        model: that read it.
        about: what else to note, such as the method.

    Raises:
        PrunariumError: the cache is empty, static or holds other layers than transformers' dynamic ones.
    """
    from safetensors.torch import save

    check_cache(cache)
    if not cache.layers or not cache.get_seq_length():
        raise PrunariumError("the cache is empty; let the model read a prompt with it first")
    held = all(isinstance(layer, HeldLayer) for layer in cache.layers)
    if not held:
        check_layers(cache)
    tensors = {"words": words, "position": _position(cache)}
    for number, layer in enumerate(cache.layers):
        entries = layer.entries if held else _whole(layer)
        named = {part.name: getattr(entries, part.name) for part in fields(Entries)}
        named |= {name: getattr(layer, name) for name in _COUNTS} if held else {}
        tensors |= {f"{number}.{name}": value for name, value in named.items() if value is not None}
    first = cache.layers[0]
    noted = {
        "format": FORMAT,
        "model": _known_by(model),
        "layers": str(len(cache.layers)),
        "held": "slots" if isinstance(first, SlotLayer) else "places" if held else "no",
        "length": str(first.length if held else first.keys.shape[2]),
        "words_read": str(first.words if held else 0),
    }
    whole = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    write_bytes(path, save(whole, {**about, **noted}), str(path), "give another path")


def load_cache(path: Path, model: Any, *, plain: bool = False) -> KeptCache:
    """A cache from its file, on the model's device.

    Go on with the method that made it in the model. ``plain`` gives one that the untouched model goes on from too,
    where all layers and heads hold equally many entries.

    Args:
        path: of the file.
        model: the one that read the prompt.
        plain: whether no method will be in the model.

    Raises:
        PrunariumError: the file is none of ``save_cache``, or of another model, or cannot be plain.
    """
    about, tensors = _read(path)
    tensors = {name: value.to(model.device) for name, value in tensors.items()}
    if about["model"] != _known_by(model):
        raise PrunariumError(f"{path}: was made by another model, or in another precision; load the one that made it")
    cache = DynamicCache()
    for number in range(int(about["layers"])):
        parts = {name.partition(".")[2]: tensors[name] for name in tensors if name.startswith(f"{number}.")}
        cache.layers.append(_plain_layer(parts) if about["held"] == "no" else _held_layer(parts, about, model))
    position = tensors["position"]
    if about["held"] != "no":
        cache.layers[0].position = position
        if plain:
            position = _make_plain(path, cache, position)
    return KeptCache(cache, tensors["words"], position, about)


def _read(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    from safetensors import safe_open

    if not path.is_file():
        raise PrunariumError(f"{path}: there is no such file; 'prunarium cache' writes one")
    try:
        with safe_open(path, "pt") as opened:
            about = opened.metadata() or {}
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 - not a dictionary
    except Exception as error:  # safetensors has its own
        raise PrunariumError(f"{path}: is no safetensors file that can be read: {error}") from error
    if about.get("format") != FORMAT:
        raise PrunariumError(f"{path}: is no cache of '{FORMAT}'; 'prunarium cache' writes one")
    return about, tensors


def _known_by(model: Any) -> str:
    """A hash by which a model is known again: of the first rows of its embedding, in their precision."""
    rows = model.get_input_embeddings().weight[:_ROWS].detach().cpu().contiguous()
    return hashlib.sha256(str(rows.dtype).encode() + rows.view(torch.uint8).numpy().tobytes()).hexdigest()


def _position(cache: Any) -> Tensor:
    """Of the next word ``[batch, 1]``."""
    known: Tensor | None = getattr(cache.layers[0], "position", None)
    if known is not None:
        return known
    keys = cache.layers[0].keys
    return torch.full((keys.shape[0], 1), keys.shape[2])


def _whole(layer: Any) -> Entries:
    """Of a layer from which nothing was taken."""
    shape = layer.keys.shape[:3]
    return Entries(layer.keys, layer.values, torch.arange(shape[2]).expand(shape))


def _plain_layer(parts: Mapping[str, Tensor]) -> DynamicLayer:
    layer = DynamicLayer()
    layer.update(parts["keys"], parts["values"])
    return layer


def _held_layer(parts: Mapping[str, Tensor], about: Mapping[str, str], model: Any) -> HeldLayer:
    entries = Entries(**{part.name: parts[part.name] for part in fields(Entries) if part.name in parts})
    length = int(about["length"])
    if about["held"] == "slots":
        rotary = next(part for name, part in model.named_modules() if name.endswith("rotary_emb"))
        layer: HeldLayer = SlotLayer(entries, parts["read"], length, rotary)
    else:
        layer = HeldLayer(entries, parts["read"], length)
    for name in _COUNTS:
        setattr(layer, name, parts[name])
    layer.words = int(about["words_read"])
    return layer


def _make_plain(path: Path, cache: Any, position: Tensor) -> Tensor:
    """Make the layers transformers' own; the position of the next word from then on."""
    counts = {layer.entries.count for layer in cache.layers}
    if len(counts) > 1 or any(layer.there is not None for layer in cache.layers):
        raise PrunariumError(
            f"{path}: its layers, heads or samples hold different numbers of entries, which no untouched model can "
            "read; load it without plain=True, and go on with the method in the model"
        )
    for number, layer in enumerate(cache.layers):
        keys = layer.keys
        if isinstance(layer, SlotLayer):
            keys = rotated(keys, *layer.turning())
            position = torch.full_like(position, layer.entries.count)
        cache.layers[number] = _plain_layer({"keys": keys, "values": layer.values})
    return position
