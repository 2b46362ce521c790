"""How well a decoder foretells a text, once a method has acted on what it read before."""

from dataclasses import dataclass
from itertools import chain
from math import exp
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from prunarium.bench.bootstrap import interval_of_mean
from prunarium.bench.decoding import saying
from prunarium.bench.samples import Inputs
from prunarium.errors import PrunariumError


@dataclass(frozen=True)
class Perplexity:
    """Perplexity on the same texts with and without a method: e to the mean surprise of a word.

    Attributes:
        baseline: of the untouched model.
        method: with the method.
        ratio_low: paired 95 % interval of method / baseline, lower end.
        ratio_high: the same interval, upper end.
    """

    baseline: float
    method: float
    ratio_low: float
    ratio_high: float


@torch.inference_mode()
def surprises(model: Any, ids: Tensor, prompt: int) -> np.ndarray:
    """Minus the logarithm of the probability of each word after a prompt, in nats ``[batch, words]``.

    The model reads the prompt at once, and then the words one at a time, as if it said them: a method acts as it does
    when text is generated.

    Args:
        model: a causal language model, untouched or with a method in it.
        ids: prompts and words, without padding ``[batch, tokens]``.
        prompt: tokens of the prompt.

    Raises:
        PrunariumError: there is no prompt, or no word after it.
    """
    if not 0 < prompt < ids.shape[1]:
        raise PrunariumError(
            f"a prompt of {prompt} tokens leaves no word to foretell of {ids.shape[1]}; take 1 to {ids.shape[1] - 1}"
        )
    surprise, _ = foretell(model, {"input_ids": ids[:, :prompt]}, ids[:, prompt:])
    return surprise.numpy()


@torch.inference_mode()
def foretell(model: Any, inputs: Inputs, words: Tensor) -> tuple[Tensor, Tensor]:
    """How surprised a model is by each of some words after a prompt, and what it would have said there.

    Args:
        model: a causal language model, untouched or with a method in it.
        inputs: the prompts, as the model takes them.
        words: that follow ``[batch, words]``.

    Returns:
        nats, and token ids ``[batch, words]`` each, on the processor.
    """
    output = model(**inputs, use_cache=True, logits_to_keep=1)
    scores = chain([output.logits[:, -1]], saying(model, inputs, output.past_key_values, words[:, :-1]))
    nats, best = [], []
    for number, said in enumerate(scores):
        nats.append(cross_entropy(said.float(), words[:, number], reduction="none").cpu())
        best.append(said.argmax(dim=-1).cpu())
    return torch.stack(nats, dim=1), torch.stack(best, dim=1)


def compare_surprises(plain: np.ndarray, reduced: np.ndarray) -> Perplexity:
    """Perplexity of the untouched model and of the method.

    Args:
        plain: surprises of the untouched model ``[texts, words]``.
        reduced: those with the method, of the same texts.
    """
    low, high = interval_of_mean((reduced - plain).astype(float).mean(axis=1))
    return Perplexity(exp(plain.mean()), exp(reduced.mean()), exp(low), exp(high))
