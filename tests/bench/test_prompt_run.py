"""storyworld-prompts with random weights in place of trained ones: prompts are shortened, answered, counted, timed."""

from dataclasses import replace

import pytest
import torch

from prunarium import PrunariumError, load
from prunarium.bench import prompt_benchmarks
from prunarium.bench.benchmarks import find_benchmark
from prunarium.bench.cells import Cell, do, prepare
from prunarium.bench.comparison import compare
from prunarium.bench.counters import Macs
from prunarium.bench.models import save_weights
from prunarium.bench.prompt_benchmarks import STORYWORLD_PROMPTS
from prunarium.bench.story_models import WIDTH, story_llama, story_scorer
from prunarium.bench.story_tokenizer import story_tokenizer
from prunarium.bench.verification import Again, missing, verify
from prunarium.records import MeasuredScore

SAMPLES = 8
METHODS = ("truncation", "random-prompt", "bm25", "selective-context", "llmlingua", "longllmlingua")


@pytest.fixture(autouse=True)
def small(tmp_path, monkeypatch):
    """The benchmark with few prompts and random weights."""
    torch.manual_seed(0)
    target, scorer = tmp_path / "target.safetensors", tmp_path / "scorer.safetensors"
    save_weights(story_llama(), target)
    save_weights(story_scorer(), scorer)
    made = replace(STORYWORLD_PROMPTS, samples=SAMPLES, weights=target, scorer_weights=scorer)
    monkeypatch.setattr(prompt_benchmarks, "prompt_benchmarks", lambda: {made.name: made})
    return made


def measured(method, **values):
    return prepare(Cell(method=method, threads=1, batch_sizes=(2,), seconds=0, **values)).measure()


def test_every_prompt_ends_with_its_question(small):
    data, tokenizer = small.data(), story_tokenizer()
    for prompt, question in zip(data.prompts, data.questions, strict=True):
        assert prompt.endswith(f". {question}") and len(tokenizer(prompt, add_special_tokens=False)["input_ids"]) == 256
    assert data.checksum() == small.data().checksum() != small.make(SAMPLES, 1).checksum()
    assert data.first(3).kinds == data.kinds[:3]


@pytest.mark.parametrize("method", METHODS)
def test_a_method_is_measured_at_its_budget(method):
    score = measured(method, budget=0.25)
    assert MeasuredScore.model_validate_json(score.model_dump_json()) == score
    assert score.family == "prompt" and score.benchmark == "storyworld-prompts"
    assert score.quality.samples == SAMPLES and score.quality.metric == "exact match"
    cost = score.cost
    assert cost.tokens_baseline == [256] * 6 and cost.tokens == pytest.approx([64] * 6, abs=1)
    layers, heads, dim = 6, 2, WIDTH // 4
    assert cost.cache.bytes_baseline == 257 * layers * heads * dim * 2 * 4
    assert cost.cache.bytes == pytest.approx(65 * layers * heads * dim * 2 * 4, rel=0.02)
    assert (cost.macs_own > 0) == (method in ("selective-context", "llmlingua", "longllmlingua"))
    assert cost.macs - cost.macs_own < 0.3 * cost.macs_baseline
    (speed,) = score.speed
    assert speed.batch_size == 2 and 0 < speed.own_ms.median < speed.method_ms.high * 2
    assert speed.peak_memory_baseline > 0 and (speed.peak_memory is None) == (cost.macs_own > 0)


def test_the_whole_prompt_is_the_untouched_model():
    score = measured("truncation", parameters={"keep_rate": 1.0})
    assert score.quality.answers == score.quality.answers_baseline
    assert score.cost.budget == 1 and score.cost.macs == score.cost.macs_baseline
    assert score.cost.cache.bytes == score.cost.cache.bytes_baseline


def test_the_scorer_costs_what_its_closed_form_says():
    run = prepare(Cell(method="selective-context", threads=1)).run
    seen = []
    scorer = run.workload.scorer.model
    scorer.register_forward_pre_hook(lambda _, __, given: seen.append(given["input_ids"].shape), with_kwargs=True)
    own = run._scoring([0])
    projections = sum(part.weight.numel() for part in scorer.model.layers[0].modules() if hasattr(part, "in_features"))
    due = Macs()
    for rows, length in seen:
        due += Macs(
            linear=rows * length * (3 * projections + scorer.lm_head.weight.numel()),
            attention=rows * 3 * 2 * length * length * WIDTH,
        )
    assert own == due.total > 0


def test_random_draws_for_each_prompt_anew():
    """Prompts of equal sentences would else all lose the same ones."""
    sentences = [f"Anna met {name}." for name in ("Ben", "Clara", "David", "Emma", "Frank", "Grace", "Henry", "Ida")]
    orders = (sentences, sentences[::-1])
    method = load("random-prompt", keep_rate=0.5)
    kept = []
    for order in orders:
        text = " ".join(order)
        left = method.compress(text, tokenizer=story_tokenizer())
        assert left == method.compress(text, tokenizer=story_tokenizer())
        kept.append([place for place, said in enumerate(order) if said in left.text])
    assert len(kept[0]) == len(kept[1]) and kept[0] != kept[1]


def test_records_are_kept_verified_and_compared(tmp_path):
    scores, grid = [], [("truncation", 0.5), ("bm25", 0.5), ("bm25", 0.1), ("truncation", 0.1)]
    for method, budget in grid:
        cell = Cell(method=method, budget=budget, threads=1, batch_sizes=(1,), seconds=0)
        outcome = do(cell, tmp_path)
        assert outcome.state == "measured", outcome.error
        assert do(cell, tmp_path).state == "there"
        scores.append(outcome.score)
    again = verify("bm25", outcome.path, scores[2], Again())
    assert again.verdict == "passed", again
    assert [ranking.budget for ranking in compare(scores).rankings] == [0.5, 0.1]
    wrong = scores[2].model_copy(update={"cost": scores[2].cost.model_copy(update={"macs": 1})})
    assert verify("bm25", outcome.path, wrong, Again()).verdict == "failed"


def test_what_a_card_says_is_unmeasured_is_not_missing():
    lacking = {one.method for one in missing(["cpc", "llmlingua-2", "bm25"], [])}
    assert lacking == {"bm25"}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"method": "cpc"}, "scores with a SentenceEncoder, and storyworld-prompts has a language model alone"),
        ({"method": "bm25", "model": "llama/"}, "--model must be left out: storyworld-prompts comes with its own"),
        ({"method": "bm25", "benchmark": "digit-grid"}, "digit-grid is not for methods that shorten prompts"),
        ({"method": "bm25", "device": "meta"}, "--device meta is for methods in a model"),
        ({"method": "bm25", "budget": 0.5, "parameters": {"keep_rate": 0.3}}, "--budget finds keep_rate by itself"),
        ({"method": "tome", "benchmark": "storyworld-prompts"}, "storyworld-prompts is for methods of family prompt"),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(values, said):
    with pytest.raises(PrunariumError, match=said):
        prepare(Cell(**values))


def test_a_budget_below_the_question_is_refused():
    with pytest.raises(PrunariumError, match="what must stay takes"):
        measured("bm25", budget=0.01)


def test_the_benchmark_is_found_by_its_name(small):
    assert find_benchmark("storyworld-prompts") is small
