"""Extractive question answering: which span of a text answers a question?

Rajpurkar et al., SQuAD, EMNLP 2016 (arXiv 1606.05250), and Know What You Don't Know, ACL 2018 (arXiv 1806.03822), in
which some questions have no answer.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, NamedTuple

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
OVERLAP = 128
"""Tokens that neighbouring windows of a long text share, so that no answer is cut; half a window where it is short."""


def span_scores(model: nn.Module, inputs: Inputs) -> Tensor:
    """How well an answer begins and ends at each token ``[batch, 2, tokens]``."""
    output = model(**for_model(inputs))
    return torch.stack([output.start_logits, output.end_logits], dim=1)


def extracted(hub: TextModel, files: DataFiles, columns: Mapping[str, str], count: int | None) -> Task:
    """The questions of a dataset, each with its text. A text that is longer than the model reads at once is read in
    windows that overlap, and the best span of all counts; what is measured beside quality is of the first window.

    Raises:
        PrunariumError: a row lacks its question or text, or a question alone is longer than the model reads.
    """
    rows = list(files.rows([columns[role] for role in ("context", "question", "answers")], count))
    asked = [_asked(files, number, row, columns) for number, row in rows]
    answers = [given_answers(row[columns["answers"]]) or ("",) for _, row in rows]
    windows = [_windows(hub, question, context) for question, context in asked]
    labels = right_answers(answers, bare, CHARACTERS)
    contexts = [context for _, context in asked]
    unanswerable = any("" in texts for texts in answers)
    long = sum(len(some) > 1 for some in windows)
    return Task(
        data=Texts(
            rows=[first for first, *_ in windows],
            content=[f"{pair}: {texts}" for pair, texts in zip(asked, answers, strict=True)],
            labels=labels,
            pad=hub.pad,
            spell=hub.spell,
            captions=[question for question, _ in asked],
        ),
        answer=span_scores,
        respond=best_spans(contexts, labels.shape[-1], unanswerable, FurtherWindows.of(windows, hub.pad)),
        batch=BATCH,
        large_batch=BATCH,
        note=f"{long} of {len(rows)} texts are longer than the {hub.longest} tokens that the model reads at once: they "
        "are read in windows, of which the first is counted and timed"
        if long
        else "",
    )


@dataclass(frozen=True)
class FurtherWindows:
    """All windows of long texts but their first ones, sample by sample.

    Attributes:
        texts: the windows.
        samples: which each of them is of, ascending.
    """

    texts: Texts
    samples: Sequence[int]

    @classmethod
    def of(cls, windows: Sequence[Sequence[Encoded]], pad: int) -> "FurtherWindows":
        """Those of each sample, its first one among them."""
        further = [(number, one) for number, some in enumerate(windows) for one in some[1:]]
        return cls(Texts([one for _, one in further], [], None, pad), [number for number, _ in further])

    def batches(self, first: int, last: int, device: torch.device) -> Iterator[tuple[Sequence[int], Inputs]]:
        """Those of some samples, from the first to the last: which they are of, and what the model reads."""
        start, stop = bisect_left(self.samples, first), bisect_right(self.samples, last)
        for place in range(start, stop, BATCH):
            size = min(BATCH, stop - place)
            yield self.samples[place : place + size], self.texts.batch(place, size, device)


def best_spans(contexts: Sequence[str], width: int, unanswerable: bool, further: FurtherWindows) -> Respond:
    """Say the best span of the text.

    Args:
        contexts: the text of each sample.
        width: as of ``right_answers``.
        unanswerable: whether a question may have no answer; then the model says so where it thinks the first token the
            best span, of every window.
        further: windows beside the first.
    """

    def respond(model: nn.Module, inputs: Inputs) -> Response:
        samples = inputs["sample"].tolist()
        best = dict.fromkeys(samples, _Span())
        behind = further.batches(samples[0], samples[-1], inputs["sample"].device)
        for owners, window in (*behind, (samples, inputs)):  # the first windows last: of them a method reports
            scores = span_scores(model, window).float()
            for sample, span in zip(owners, _spans(scores, window, [contexts[one] for one in owners]), strict=True):
                best[sample] = best[sample].joined(span)
        said = [one.text if one.score > (one.nothing if unanswerable else -inf) else "" for one in best.values()]
        total = torch.tensor([[one.total] for one in best.values()])
        return Response(spelled(said, width, bare), torch.cat([scores.flatten(1).cpu(), total], dim=1))

    return respond


class _Span(NamedTuple):
    """The best span of a window, or of several.

    Attributes:
        score: of the span.
        nothing: score of there being no answer, the least of all windows.
        total: of all scores, which is finite where they are.
    """

    text: str = ""
    score: float = -inf
    nothing: float = inf
    total: float = 0.0

    def joined(self, other: "_Span") -> "_Span":
        """The better one of both."""
        best = other if other.score > self.score else self
        return _Span(best.text, best.score, min(self.nothing, other.nothing), self.total + other.total)


def _spans(scores: Tensor, window: Inputs, contexts: Sequence[str]) -> Iterator[_Span]:
    """The best one of each window."""
    best, first, last = (part.tolist() for part in _best(scores, window["offsets"][..., 1] > 0))
    nothing, totals = scores[:, :, 0].sum(dim=1).tolist(), scores.sum(dim=(1, 2)).tolist()
    for row, (context, offsets) in enumerate(zip(contexts, window["offsets"].tolist(), strict=True)):
        text = context[offsets[first[row]][0] : offsets[last[row]][1]]
        yield _Span(text, best[row], nothing[row], totals[row])


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


def _windows(hub: TextModel, question: str, context: str) -> list[Encoded]:
    """Tokens with their places in the context, (0, 0) for the others: all of them, or windows that overlap."""
    special = hub.tokenizer.num_special_tokens_to_add(pair=True)
    alone = len(hub.tokenizer(question, add_special_tokens=False, verbose=False)["input_ids"])
    room = hub.longest - special - alone
    if room < 1:
        raise PrunariumError(
            f"{hub.name}: a question takes {alone + special} of the {hub.longest} tokens that it reads at once"
        )
    options: dict[str, Any] = {}
    if len(hub.tokenizer(question, context, verbose=False)["input_ids"]) > hub.longest:
        options = {"truncation": "only_second", "max_length": hub.longest, "stride": min(OVERLAP, room // 2)}
        options["return_overflowing_tokens"] = True
    made = hub.tokenizer([question], [context], return_offsets_mapping=True, **options)
    names = [name for name in ("input_ids", "token_type_ids") if name in made]
    windows: list[Encoded] = []
    for number, offsets in enumerate(made["offset_mapping"]):
        inside = zip(offsets, made.sequence_ids(number), strict=True)
        places = [place if sequence == 1 else (0, 0) for place, sequence in inside]
        windows.append({**{name: made[name][number] for name in names}, "offsets": places})
    return windows
