"""Perplexity: how well a decoder foretells a text, window by window, once a method has acted on what came before."""

from collections.abc import Mapping
from typing import Any

import torch

from prunarium.bench.data_files import DataFiles, drawn
from prunarium.bench.hub_texts import TextModel
from prunarium.bench.perplexity import foretell
from prunarium.bench.responses import Response
from prunarium.bench.samples import Inputs
from prunarium.bench.text_answers import next_token
from prunarium.bench.text_samples import Task, Texts
from prunarium.errors import PrunariumError
from prunarium.families.prompt.tokens import special_around


def foretold(
    hub: TextModel,
    files: DataFiles,
    columns: Mapping[str, str],
    count: int | None,
    *,
    context: int,
    words: int,
) -> Task:
    """The texts of a dataset one behind the other, with a blank line in between, in windows: a prompt of ``context``
    tokens, and ``words`` tokens that are to be foretold, with which the next window's prompt ends. Each token behind
    the first window's prompt is foretold once; what fills no window at the end is left out.

    Raises:
        PrunariumError: the text is shorter than a window, or the model reads less at once.
    """
    column = columns["text"]
    texts = [str(row[column]) for _, row in files.rows([column]) if row[column]]
    ids: list[int] = hub.tokenizer("\n\n".join(texts), add_special_tokens=False, verbose=False)["input_ids"]
    begin = _beginning(hub)
    if context + words > hub.longest:
        raise PrunariumError(f"a window has {context + words} tokens, and {hub.name} reads {hub.longest} at once")
    fresh = context - len(begin)
    there = max(0, (len(ids) - fresh) // words)
    if not there:
        raise PrunariumError(
            f"{files.path}: column '{column}' holds {len(ids)} tokens, a window takes {fresh + words}; give more text"
        )
    starts = [number * words for number in sorted(drawn(count, there, f"{files.path}, in windows of {words} tokens,"))]
    after = [ids[start + fresh : start + fresh + words] for start in starts]
    data = Texts(
        rows=[
            {"input_ids": [*begin, *ids[start : start + fresh]], "words": said}
            for start, said in zip(starts, after, strict=True)
        ],
        content=[*texts, str(starts)],
        labels=torch.tensor(after),
        pad=hub.pad,
        spell=hub.spell,
        left=True,
    )
    return Task(data, next_token, say_given_words, batch=1, large_batch=8, varied=False)


def say_given_words(model: Any, inputs: Inputs) -> Response:
    """Have a model go on from a prompt with words that are given: at each place what it would have said, and how
    surprised it was."""
    words = inputs["words"]
    surprise, best = foretell(model, {"input_ids": inputs["input_ids"]}, words)
    return Response(best, surprise, surprise)


def _beginning(hub: TextModel) -> list[int]:
    """The special tokens that a text begins with."""
    before, _ = special_around(hub.tokenizer, "a")
    return before
