"""Extractive question answering: which span of a text answers a question?

Rajpurkar et al., SQuAD, EMNLP 2016 (arXiv 1606.05250), and Know What You Don't Know, ACL 2018 (arXiv 1806.03822), in
which some questions have no answer.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from prunarium.bench.answer_texts import bare, given_answers, right_answers, spelled
from prunarium.bench.data_files import DataFiles
from prunarium.bench.hub_texts import TextModel
from prunarium.bench.responses import Respond, Response
from prunarium.bench.samples import Inputs, for_model
from prunarium.bench.text_samples import Encoded, Task, Texts
from prunarium.errors import PrunariumError

BATCH = 16
LONGEST = 30
"""Tokens of an answer, as SQuAD's readers have it since BERT."""
CHARACTERS = 256
"""Of an answer that are compared at least."""


def span_scores(model: nn.Module, inputs: Inputs) -> Tensor:
    """How well an answer begins and ends at each token ``[batch, 2, tokens]``."""
    output = model(**for_model(inputs))
    return torch.stack([output.start_logits, output.end_logits], dim=1)


def extracted(hub: TextModel, files: DataFiles, columns: Mapping[str, str], count: int | None) -> Task:
    """The questions of a dataset, each with its text. Texts are cut to what the model reads at once.

    Raises:
        PrunariumError: a row lacks its question or text, or a question alone is longer than the model reads.
    """
    rows = list(files.rows([columns[role] for role in ("context", "question", "answers")], count))
    asked = [_asked(files, number, row, columns) for number, row in rows]
    answers = [given_answers(row[columns["answers"]]) or ("",) for _, row in rows]
    encoded = [_encoded(hub, question, context) for question, context in asked]
    labels = right_answers(answers, bare, CHARACTERS)
    cut = sum(long for _, long in encoded)
    contexts = [context for _, context in asked]
    unanswerable = any("" in texts for texts in answers)
    return Task(
        data=Texts(
            rows=[one for one, _ in encoded],
            content=[f"{pair}: {texts}" for pair, texts in zip(asked, answers, strict=True)],
            labels=labels,
            pad=hub.pad,
            spell=hub.spell,
            captions=[question for question, _ in asked],
        ),
        answer=span_scores,
        respond=best_spans(contexts, labels.shape[-1], unanswerable),
        batch=BATCH,
        large_batch=BATCH,
        note=f"{cut} of {len(rows)} texts are cut to the {hub.longest} tokens that the model reads at once"
        if cut
        else "",
    )


def best_spans(contexts: Sequence[str], width: int, unanswerable: bool) -> Respond:
    """Say the best span of the text.

    Args:
        contexts: the text of each sample.
        width: as of ``right_answers``.
        unanswerable: whether a question may have no answer; then the model says so where it thinks the first token the
            best span.
    """

    def respond(model: nn.Module, inputs: Inputs) -> Response:
        scores = span_scores(model, inputs)
        best, first, last = _best(scores.float(), inputs["offsets"][..., 1] > 0)
        nothing = best.isneginf()
        if unanswerable:
            nothing = nothing | (scores[:, :, 0].float().sum(dim=1) > best)
        said = []
        for row, (number, empty) in enumerate(zip(inputs["sample"].tolist(), nothing.tolist(), strict=True)):
            begin, end = inputs["offsets"][row, first[row], 0], inputs["offsets"][row, last[row], 1]
            said.append("" if empty else contexts[number][int(begin) : int(end)])
        return Response(spelled(said, width, bare), scores)

    return respond


def _best(scores: Tensor, inside: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The best span of each text: its score, first and last token ``[batch]`` each.

    Args:
        scores: as ``span_scores`` gives them.
        inside: which tokens are of the text ``[batch, tokens]``.
    """
    tokens = scores.shape[2]
    near = torch.ones(tokens, tokens, dtype=torch.bool, device=scores.device).triu().tril(LONGEST - 1)
    allowed = near & inside.unsqueeze(2) & inside.unsqueeze(1)
    whole = (scores[:, 0].unsqueeze(2) + scores[:, 1].unsqueeze(1)).masked_fill(~allowed, -torch.inf)
    best, place = whole.flatten(1).max(dim=1)
    return best, place // tokens, place % tokens


def _asked(files: DataFiles, number: int, row: Mapping[str, Any], columns: Mapping[str, str]) -> tuple[str, str]:
    found = []
    for role in ("question", "context"):
        text = row[columns[role]]
        if not isinstance(text, str) or not text.strip():
            raise PrunariumError(f"{files.path}: row {number} has no {role}; leave such rows out")
        found.append(text)
    return found[0], found[1]


def _encoded(hub: TextModel, question: str, context: str) -> tuple[Encoded, bool]:
    """Tokens with their places in the context, (0, 0) for the others; and whether they had to be cut."""
    alone = len(hub.tokenizer(question, verbose=False)["input_ids"])
    if alone >= hub.longest - 1:
        raise PrunariumError(f"{hub.name}: a question takes {alone} of the {hub.longest} tokens that it reads at once")
    options = {"truncation": "only_second", "max_length": hub.longest, "return_offsets_mapping": True}
    long = len(hub.tokenizer(question, context, verbose=False)["input_ids"]) > hub.longest
    made = hub.tokenizer(question, context, **(options if long else {"return_offsets_mapping": True}))
    places = zip(made["offset_mapping"], made.sequence_ids(), strict=True)
    offsets = [place if sequence == 1 else (0, 0) for place, sequence in places]
    kept = {name: made[name] for name in ("input_ids", "token_type_ids") if name in made}
    return {**kept, "offsets": offsets}, long
