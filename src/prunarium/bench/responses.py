"""What a model says to a batch: the classes that it thinks best, or the words that it generates."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from prunarium.bench.samples import Inputs

Answer = Callable[[nn.Module, Inputs], Tensor]
MOST_RANKS = 5


@dataclass(frozen=True)
class Response:
    """What was said to a batch.

    Attributes:
        said: int64: the best classes, best first ``[batch, ranks]``, or words ``[batch, words]``.
        scores: by which it was chosen ``[batch, ...]``.
    """

    said: Tensor
    scores: Tensor


Respond = Callable[[nn.Module, Inputs], Response]


def best_classes(answer: Answer) -> Respond:
    """Say the best of the scores that a forward pass gives."""

    def respond(model: nn.Module, inputs: Inputs) -> Response:
        scores = answer(model, inputs)
        return Response(scores.argsort(dim=-1, descending=True, stable=True)[:, :MOST_RANKS], scores)

    return respond


def generated_words(count: int) -> Respond:
    """Say what ``generate`` says, word for word, without sampling: at most so many, padded to them at the end."""

    def respond(model: Any, inputs: Inputs) -> Response:
        output = model.generate(
            **inputs, do_sample=False, max_new_tokens=count, return_dict_in_generate=True, output_logits=True
        )
        words = output.sequences[:, inputs["input_ids"].shape[1] :]
        said = nn.functional.pad(words, (0, count - words.shape[1]), value=model.generation_config.pad_token_id)
        return Response(said, torch.stack(output.logits, dim=1))

    return respond
