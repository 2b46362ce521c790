"""What a language model takes for each word after a prompt: the untouched model and methods take turns."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import torch
from torch import Tensor

from prunarium.bench.kv_cache import bytes_of, read_prompt, tensors_of
from prunarium.bench.memory import peak_memory
from prunarium.bench.samples import Inputs
from prunarium.bench.timing import FEW_LONG, FEWEST, Stopwatch, interleave, interval, own_work, seconds
from prunarium.bench.workload import WORDS, Workload
from prunarium.families import Handle, TokenMethod
from prunarium.families.decoder.anatomy import ANATOMIES
from prunarium.records import Decode


@torch.inference_mode()
def decode_speeds(
    methods: Sequence[TokenMethod], workload: Workload, size: int, about: float
) -> Sequence[Decode | None]:
    """Time per word of every method on a batch of ``size``, against the untouched model in the same rounds; ``None``
    of a model that has no positions for words after its prompts.

    Every time is of the same words, on a cache that one reading of the prompt has just filled. Each method's own work,
    the bytes of the cache behind the words and the memory of one more word come from runs apart.

    Args:
        about: seconds to spend on each method, the prompts that are read in between included.
    """
    after = _AfterPrompt(workload, size)
    if not after.room:
        return [None] * len(methods)

    def reduced(method: TokenMethod) -> Callable[[], float]:
        def timed() -> float:
            with method.apply(workload.model):
                return after.timed()

        return timed

    reading = seconds(after.read, workload.device)
    fewest = max(FEW_LONG, ceil(FEWEST * min(1, WORDS / workload.words)))  # many words are a mean already
    plain, *others = interleave([after.timed, *map(reduced, methods)], about * len(methods), reading, fewest)
    untouched = after.said()
    return [after.decode(method, untouched, plain, times) for method, times in zip(methods, others, strict=True)]


@dataclass(frozen=True)
class _Said:
    """What was found when all words were said once: seconds, bytes of the cache behind them, and of all that is alive
    at the peak of one more word, where it was asked for."""

    seconds: float
    cache: int
    peak: int | None


class _AfterPrompt:
    """Words after a prompt, in whatever state the model is.

    Attributes:
        room: whether the model has positions for them.
    """

    def __init__(self, workload: Workload, size: int) -> None:
        self.model: Any = workload.model
        self.device, self.words = workload.device, workload.words
        self.inputs = workload.data.batch(0, size, self.device)
        self.room = self._room(self.inputs["input_ids"].shape[1] + self.words + 1)

    def _room(self, tokens: int) -> bool:
        anatomy = ANATOMIES.get(type(self.model).__name__)
        if anatomy is None or anatomy.rotary:
            return True
        learned: int = self.model.config.max_position_embeddings
        return tokens <= learned

    def read(self) -> Any:
        """The cache that the prompt leaves."""
        return read_prompt(self.model, self.inputs)

    def timed(self) -> float:
        """Seconds of all words, on a cache just filled."""
        cache = self.read()
        return seconds(lambda: say(self.model, self.inputs, cache, self.words), self.device)

    def said(self, handle: Handle | None = None, watch: Stopwatch | None = None, peak: bool = True) -> _Said:
        """All words, under a watch on the method's own work in them; and one more, where its memory is asked for."""
        cache = self.read()
        words = saying(self.model, self.inputs, cache, self.inputs["input_ids"][:, -1:].expand(-1, self.words + 1))
        if handle is not None and watch is not None:
            handle.watch = watch
        taken = seconds(lambda: [next(words) for _ in range(self.words)], self.device)
        if handle is not None:
            handle.watch = nullcontext
        left, alive = bytes_of(cache), {**self.inputs, **tensors_of(cache)}
        return _Said(taken, left, peak_memory(lambda: next(words), self.model, alive, self.device) if peak else None)

    def decode(self, method: TokenMethod, untouched: _Said, plain: np.ndarray, times: np.ndarray) -> Decode:
        """What the record says of a method."""
        found: list[_Said] = []

        def watched() -> tuple[float, float]:
            stopwatch = Stopwatch(self.device)
            with method.apply(self.model) as handle:
                found.append(self.said(handle, stopwatch, peak=not found))
            return stopwatch.seconds, found[-1].seconds

        own, whole = own_work(watched, len(plain))
        return Decode(
            words=self.words,
            baseline_ms=interval(plain * 1e3 / self.words),
            method_ms=interval(times * 1e3 / self.words),
            ratio=interval(plain / times),
            own_ms=interval(own * 1e3 / self.words),
            own_share=round(float(np.median(own / whole)), 4),
            cache_bytes_baseline=untouched.cache,
            cache_bytes=found[0].cache,
            peak_memory_baseline=untouched.peak,
            peak_memory=found[0].peak,
        )


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
