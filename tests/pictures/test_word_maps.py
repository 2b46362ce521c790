"""Which words of a text are left, drawn: those that are there dark, the others faint."""

import pytest
import torch
from matplotlib.figure import Figure

from prunarium import load
from prunarium.bench import workloads
from prunarium.bench.benchmarks import find_benchmark
from prunarium.bench.pictures.word_maps import COLUMNS, FAINTEST, draw_words, height, shares_left

SAMPLES = 2


@torch.inference_mode()
def of(name: str, benchmark: str, **parameters):
    work = workloads.embedded(find_benchmark(benchmark), torch.device("cpu"))  # type: ignore[arg-type]
    inputs, method = work.data.batch(0, SAMPLES, work.device), load(name, **parameters)
    with method.apply(work.model) as handle:
        work.answer(work.model, inputs)
        return work, shares_left(handle, method, work, inputs), handle.report()


def test_an_encoder_leaves_as_many_words_as_its_report_says():
    _, shares, report = of("topk-received", "storyworld-encoder", keep_rate=0.5)
    assert len(shares) >= 2
    for block, left in shares.items():
        assert left.shape == (SAMPLES, 131) and set(left.flat) <= {0.0, 1.0}
        assert (left.sum(axis=1) == report.tokens_out[block]).all()


@pytest.mark.parametrize("name, parameters", [("h2o", {}), ("snapkv", {"window": 8}), ("streamingllm", {})])
def test_a_cache_holds_as_many_words_as_its_report_says(name, parameters):
    _, shares, report = of(name, "storyworld-decoder", **parameters)
    for block, left in shares.items():
        assert left.shape == (SAMPLES, 257) and 0 <= left.min() < left.max() <= 1
        assert left.sum(axis=1).mean() == pytest.approx(report.blocks[block].seen)


def test_the_untouched_cache_holds_all():
    _, shares, _ = of("identity", "storyworld-decoder")
    assert all((left == 1).all() for left in shares.values())


def test_words_are_drawn_in_order_and_dropped_ones_faint():
    work, shares, _ = of("topk-received", "storyworld-encoder", keep_rate=0.5)
    figure, texts = Figure(), work.data.words[:SAMPLES]
    draw_words(figure, texts, work.data.captions[:SAMPLES], shares, "block")
    columns = len(shares)
    assert len(figure.axes) == SAMPLES * columns and height(texts) > 0
    for number, axes in enumerate(figure.axes):
        row, block = number // columns, list(shares)[number % columns]
        drawn = [text for text in axes.texts if text.get_family() == ["monospace"]]
        assert [text.get_text() for text in drawn] == texts[row]
        places = [(text.get_position()[1], text.get_position()[0]) for text in drawn]
        assert places == sorted(places) and max(column for _, column in places) < COLUMNS
        faint = [text.get_alpha() == FAINTEST for text in drawn]
        assert faint == (shares[block][row] == 0).tolist()
