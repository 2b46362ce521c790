"""Right answers, sample by sample: what counts by each metric, and a checksum that any other answer changes."""

import numpy as np
import torch

from prunarium import load
from prunarium.bench import digit_grid, workloads
from prunarium.bench.benchmarks import find_benchmark
from prunarium.bench.quality import Answers, answer, compare_answers, compare_kinds
from prunarium.bench.workload import BATCH

CPU = torch.device("cpu")
LABELS = np.array([3, 1, 0, 9])
RANKED = np.array([[3, 1, 2, 4, 5], [2, 1, 0, 4, 5], [1, 2, 3, 4, 5], [9, 8, 7, 6, 5]])


def answers(ranked):
    return Answers(ranked, np.empty((len(ranked), 0)))


def test_what_is_right():
    found = answers(RANKED)
    assert (
        found.right(LABELS, "accuracy").tolist() == found.right(LABELS, "top-1").tolist() == [True, False, False, True]
    )
    assert found.right(LABELS, "top-5").tolist() == [True, True, False, True]


def test_the_checksum_is_of_the_answers_that_count():
    other = RANKED.copy()
    other[1, 4] = 6
    assert answers(RANKED).checksum("top-1") == answers(other).checksum("top-1")
    assert answers(RANKED).checksum("top-5") != answers(other).checksum("top-5")
    other[1, 0] = 7
    assert answers(RANKED).checksum("top-1") != answers(other).checksum("top-1")
    assert answers(RANKED.astype(np.int32)).checksum("top-1") == answers(RANKED).checksum("top-1")
    assert answers(RANKED[::-1]).checksum("top-1") != answers(RANKED).checksum("top-1")


def test_the_difference_is_of_the_same_samples():
    worse = RANKED.copy()
    worse[0, 0] = 8
    quality = compare_answers(answers(RANKED), answers(worse), LABELS, "top-1")
    assert (quality.baseline, quality.method, quality.samples) == (0.5, 0.25, 4)
    assert quality.difference_low < quality.method - quality.baseline <= quality.difference_high == 0
    assert quality.answers == answers(worse).checksum("top-1")
    assert quality.answers_baseline == answers(RANKED).checksum("top-1")


def test_answers_of_a_model_and_tokens_of_a_method():
    work = workloads.embedded(find_benchmark("cluttered-digits"), CPU, samples=BATCH + 30)
    shares = []
    found = answer(work, load("evit"), shares.append)
    assert found.said.shape == (130, 5) and found.tokens.shape == (130, 6)
    assert (found.tokens == [65, 47, 47, 35, 26, 26]).all()
    assert shares == [100 / 130, 1]
    assert answer(work, None).tokens.shape == (130, 0)


WORDS = np.array([[7, 1, 2], [7, 1, 0], [0, 1, 2]])


def test_a_generated_answer_is_right_word_for_word():
    due = np.array([[7, 1, 2], [7, 1, 2], [7, 1, 2]])
    assert answers(WORDS).right(due, "exact match").tolist() == [True, False, False], "a wrong later word is wrong"
    several = np.stack([due, np.array([[9, 9, 9], [7, 1, 0], [9, 9, 9]])], axis=1)
    assert answers(WORDS).right(several, "exact match").tolist() == [True, True, False], "one of several right answers"


def test_every_word_is_in_the_checksum():
    other = WORDS.copy()
    other[1, 2] = 5
    assert answers(WORDS).checksum("exact match") != answers(other).checksum("exact match")


def test_kinds_of_questions_apart():
    labels, kinds = np.array([[7, 1, 2]] * 3), ("digit", "digit", "count")
    found = compare_kinds(answers(labels), answers(WORDS), labels, "exact match", kinds)
    assert list(found) == ["digit", "count"]
    assert [(one.samples, one.baseline, one.method) for one in found.values()] == [(2, 1, 0.5), (1, 1, 0)]
    whole = compare_answers(answers(labels), answers(WORDS), labels, "exact match")
    assert round(sum(one.method * one.samples for one in found.values()) / 3, 6) == whole.method
    assert compare_kinds(answers(labels), answers(WORDS), labels, "exact match", ()) == {}


@torch.inference_mode()
def test_generated_words_are_those_of_the_best_scores_step_by_step():
    """What is generated with a cache, worked out again without one."""
    shipped = find_benchmark("digit-grid")
    model, inputs = shipped.model(), shipped.make(6, 0).batch(0, 6, CPU)
    response = shipped.respond(model, inputs)
    ids = inputs["input_ids"]
    for _ in range(3):
        ids = torch.cat([ids, shipped.answer(model, inputs | {"input_ids": ids}).argmax(-1, keepdim=True)], dim=1)
    assert (response.said == ids[:, -3:]).all()
    assert response.scores.shape == (6, 3, len(digit_grid.VOCABULARY))


def test_an_answer_that_ends_early_is_filled_up():
    shipped = find_benchmark("digit-grid")
    model = shipped.model()
    model.generation_config.eos_token_id = list(range(len(digit_grid.VOCABULARY)))  # every word ends an answer
    said = shipped.respond(model, shipped.make(2, 0).batch(0, 2, CPU)).said
    assert said.shape == (2, 3) and (said[:, 1:] == digit_grid.PAD).all()
