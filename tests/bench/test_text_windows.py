"""Questions about texts that are longer than the model reads at once."""

from itertools import pairwise

import pytest
import torch

from prunarium import load
from prunarium.bench.answer_texts import bare
from prunarium.bench.hub_texts import load_text_model
from prunarium.bench.quality import answer
from prunarium.bench.text_spans import _best, _Span, _windows, span_scores
from prunarium.bench.workloads import workload_for

from .text_directories import SENTENCE, questions, save_encoder, write_lines


@pytest.mark.parametrize(("kind", "longest"), [("Bert", 80), ("Roberta", 79)])
def test_a_long_text_is_asked_in_windows(kind, longest, tmp_path):
    """Each token of the text is in a window, neighbours overlap, and the best span of all windows is said."""
    model = save_encoder(tmp_path / kind, f"{kind}ForQuestionAnswering")
    asked = {**questions()[0], "context": SENTENCE * 30}
    data = write_lines(tmp_path / "a.jsonl", [questions()[1], asked, asked, questions()[2]])
    work = workload_for("extractive-qa", str(model), data=data)
    assert f"2 of 4 texts are longer than the {longest} tokens" in work.warning
    hub = load_text_model(model, "AutoModelForQuestionAnswering")
    windows = _windows(hub, asked["question"], asked["context"])
    places = [[place for place in one["offsets"] if place[1]] for one in windows]
    assert len(windows) > 3 and all(len(one["input_ids"]) <= longest for one in windows)
    assert places[0][0][0] == 0 and places[-1][-1][1] == len(asked["context"].rstrip())
    for one, following in pairwise(places):
        assert one[0] < following[0] < one[-1], "no answer falls between two windows"
    found = []
    for one in windows:
        inputs = {name: torch.tensor([one[name]]) for name in one}
        with torch.inference_mode():
            scores = span_scores(work.model, inputs)
        best, first, last = _best(scores, inputs["offsets"][..., 1] > 0)
        text = asked["context"][one["offsets"][first][0] : one["offsets"][last][1]]
        found.append((best.item(), bare(text)))
    with load("random", keep_rate=0.9).apply(work.model) as handle:
        work.respond(work.model, work.data.batch(0, 4, work.device))
        assert handle.report().per_sample(4).shape[0] == 4, "what is reported is of the first windows"
    said = ["".join(chr(letter) for letter in row if letter >= 0) for row in answer(work, None).said]
    assert said[1] == said[2] == max(found)[1]


def test_no_answer_must_be_the_best_of_every_window():
    """As transformers' own evaluation has it: the window that is least sure that there is none decides."""
    sure, unsure = _Span("a", score=1.0, nothing=5.0, total=2.0), _Span("b", score=0.5, nothing=0.7, total=3.0)
    both = _Span().joined(sure).joined(unsure)
    assert both == _Span("a", 1.0, 0.7, 5.0) == _Span().joined(unsure).joined(sure)
    assert both.score > both.nothing, "so there is an answer"
