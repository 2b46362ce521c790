"""How long a vision-language model takes for each word after a prompt: the untouched model and methods take turns."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from prunarium.bench.kv_cache import read_prompt
from prunarium.bench.samples import Inputs
from prunarium.bench.timing import interleave, interval, seconds
from prunarium.bench.workload import Workload
from prunarium.families import TokenMethod
from prunarium.records import Decode

WORDS = 8


@torch.inference_mode()
def decode_speeds(methods: Sequence[TokenMethod], workload: Workload, size: int, about: float) -> list[Decode]:
    """Time per word of every method on a batch of ``size``, against the untouched model in the same rounds.

    Every time is of the same words, on a cache that one reading of the prompt has just filled.

    Args:
        about: seconds to spend on each method, the prompts that are read in between included.
    """
    model, device = workload.model, workload.device
    inputs = workload.data.batch(0, size, device)

    def words() -> float:
        cache = read_prompt(model, inputs)
        return seconds(lambda: say(model, inputs, cache), device)

    def reduced(method: TokenMethod) -> Callable[[], float]:
        def timed() -> float:
            with method.apply(model):
                return words()

        return timed

    reading = seconds(lambda: read_prompt(model, inputs), device)
    plain, *others = interleave([words, *map(reduced, methods)], about * len(methods), reading)
    return [_decode(plain, times) for times in others]


def say(model: Any, inputs: Inputs, cache: Any, words: int = WORDS) -> None:
    """Have a model go on from a prompt word by word; the words are given: the prompt's last one, over and over.

    Args:
        model: that read the prompt last.
        inputs: the prompt.
        cache: that it filled.
        words: how many.
    """
    for _ in saying(model, inputs, cache, inputs["input_ids"][:, -1:].expand(-1, words)):
        pass


def saying(model: Any, inputs: Inputs, cache: Any, words: Tensor) -> Iterator[Tensor]:
    """Have a model go on from a prompt with words that are given, one at a time.

    Args:
        model: that read the prompt last.
        inputs: the prompt.
        cache: that it filled.
        words: token ids ``[batch, words]``.

    Yields:
        scores of the word after each of them ``[batch, vocabulary]``.
    """
    ids, mask = inputs["input_ids"], inputs.get("attention_mask")
    base = getattr(model, "model", None)
    deltas = getattr(base, "rope_deltas", None)  # Qwen: how far positions are behind the count of tokens
    for number in range(words.shape[1]):
        step: dict[str, Any] = {"input_ids": words[:, number : number + 1]}
        if mask is not None:
            mask = torch.cat([mask, mask.new_ones(len(mask), 1)], dim=1)
            step["attention_mask"] = mask
        if deltas is not None:
            step["position_ids"] = (ids.shape[1] + number + deltas).expand(3, -1, -1)
        yield model(**step, past_key_values=cache, use_cache=True, logits_to_keep=1).logits[:, -1]


def _decode(plain: np.ndarray, with_method: np.ndarray) -> Decode:
    return Decode(
        words=WORDS,
        baseline_ms=interval(plain * 1e3 / WORDS),
        method_ms=interval(with_method * 1e3 / WORDS),
        ratio=interval(plain / with_method),
    )
