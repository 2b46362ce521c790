"""Right answers, sample by sample: what counts by each metric, and a checksum that any other answer changes."""

import numpy as np
import torch

from prunarium import load
from prunarium.bench import workload
from prunarium.bench.benchmarks import find_benchmark
from prunarium.bench.quality import BATCH, Answers, answer, compare_answers

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
    work = workload.embedded(find_benchmark("cluttered-digits"), CPU, samples=BATCH + 30)
    shares = []
    found = answer(work, load("evit"), shares.append)
    assert found.ranked.shape == (130, 1) and found.tokens.shape == (130, 6)
    assert (found.tokens == [65, 47, 47, 35, 26, 26]).all()
    assert shares == [100 / 130, 1]
    assert answer(work, None).tokens.shape == (130, 0)
