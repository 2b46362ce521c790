"""One run in the process itself: what it measures, what it writes, and that the model is left alone."""

import dataclasses
import json

import numpy as np
import pytest
import torch

from prunarium import PrunariumError, load
from prunarium.bench import pictures, records, workload
from prunarium.bench.benchmarks import find_benchmark
from prunarium.bench.run import Run, paired_interval
from prunarium.bench.timing import interval
from prunarium.records import MeasuredScore
from prunarium.registry import find_card

CPU = torch.device("cpu")


def measure(name, benchmark, **parameters):
    few = dataclasses.replace(find_benchmark(benchmark), samples=300)
    prepared = Run(
        card=find_card(name),
        method=load(name, **parameters),
        workload=workload.embedded(few, CPU),
        command=f"prunarium run {name}",
        batch_sizes=(1,),
        seconds_per_batch_size=0,
    )
    return prepared.measure()


def test_identity_equals_the_untouched_model():
    score = measure("identity", "cluttered-digits")
    assert score.quality.method == score.quality.baseline >= 0.9
    assert (score.quality.difference_low, score.quality.difference_high) == (0, 0)
    assert score.cost.macs == score.cost.macs_baseline
    assert score.cost.budget == 1
    assert score.speed[0].ratio.low <= score.speed[0].ratio.median <= score.speed[0].ratio.high


@pytest.mark.parametrize(
    "name, benchmark, parameters",
    [("tome", "cluttered-digits", {"r": 4}), ("evit", "cluttered-digits", {}), ("fastv", "digit-grid", {})],
)
def test_the_same_run_twice_gives_the_same_numbers(name, benchmark, parameters):
    one, other = measure(name, benchmark, **parameters), measure(name, benchmark, **parameters)
    assert one.quality == other.quality
    assert one.cost == other.cost
    assert one.cost.macs < one.cost.macs_baseline
    assert one.weights == other.weights and one.data_checksum == other.data_checksum
    assert records.natural_key(one) == records.natural_key(other)


def test_record_reads_back(tmp_path):
    score = measure("tome", "cluttered-digits", r=4)
    path = records.write_score(score, tmp_path)
    assert path.parent == tmp_path / "measured"
    assert MeasuredScore.model_validate(json.loads(path.read_text())) == score
    assert records.write_score(score, tmp_path) == path
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_unwritable_record(tmp_path):
    score = measure("identity", "cluttered-digits")
    (tmp_path / "measured").write_text("a file where a folder should be")
    with pytest.raises(PrunariumError, match="cannot be written"):
        records.write_score(score, tmp_path)


def test_paired_interval_covers_the_mean():
    difference = np.random.default_rng(1).choice([-1.0, 0, 0, 0, 1], size=500)
    low, high = paired_interval(difference)
    assert low < difference.mean() < high
    assert paired_interval(np.zeros(10)) == (0, 0)
    assert interval(np.array([1.0, 2, 3, 4, 5])).median == 3


def test_token_map_paints_groups_and_drops():
    image = np.zeros((8, 8), np.uint8)
    image[:4, :4], image[:4, 4:] = 100, 200
    image[4:] = 250
    home = np.array([0, 0, 1, -1])
    painted = pictures.token_map(image, home, patch=4)
    assert painted.shape == (320, 320, 3)
    assert (painted[20, 20] == 150).all() and (painted[20, 250] == 150).all(), "one colour for the merged pair"
    assert (painted[300, 40] == 250).all(), "a token alone keeps its pixels"
    assert (painted[300, 300] < 50).all(), "a dropped token is dark"
    assert (painted == pictures.EDGE).all(axis=-1).any(), "an edge between groups"


@pytest.mark.parametrize("name, benchmark", [("tome", "cluttered-digits"), ("fastv", "digit-grid")])
def test_picture_is_an_image(tmp_path, name, benchmark):
    work = workload.embedded(find_benchmark(benchmark), CPU)
    path = pictures.draw(load(name), work, tmp_path / "deep" / "map.png")
    assert workload.read_image(path).size[0] > 400
    with pytest.raises(PrunariumError, match="cannot be written"):
        pictures.draw(load(name), work, path / "below-a-file.png")
