"""Sweep files: what they become, and every fault in one line with its place."""

import itertools

import pytest
import torch

from prunarium import PrunariumError
from prunarium.bench.sweeps import read_sweep

SWEEP = """\
# yaml-language-server: $schema=catalog/schemas/sweep.schema.json
defaults:
  benchmarks: [cluttered-digits]
  seconds: 1
  seeds: [0, 1]
grids:
  - methods: [tome, evit]
    budgets: [0.75, 0.5]
  - methods: [evit]
    parameters:
      keep_rate: [0.7, 0.5]
      blocks: [[1, 3], [2]]
    seeds: [5]
    threads: 1
    batch_sizes: [1, 8]
"""


def read(tmp_path, text):
    path = tmp_path / "sweep.yaml"
    path.write_text(text)
    return read_sweep(path)


def test_every_combination_is_one_cell(tmp_path):
    cells = read(tmp_path, SWEEP)
    first, second = cells[:8], cells[8:]
    assert [(cell.method, cell.budget, cell.seed) for cell in first] == list(
        itertools.product(["tome", "evit"], [0.75, 0.5], [0, 1])
    )
    assert [(cell.parameters["keep_rate"], cell.parameters["blocks"], cell.seed) for cell in second] == [
        (rate, blocks, 5) for rate, blocks in itertools.product([0.7, 0.5], [[1, 3], [2]])
    ]
    assert {(cell.benchmark, cell.seconds) for cell in cells} == {("cluttered-digits", 1.0)}
    assert {(cell.threads, cell.batch_sizes) for cell in second} == {(1, (1, 8))}
    assert {(cell.threads, cell.batch_sizes) for cell in first} == {(torch.get_num_threads(), None)}


def test_a_cell_of_two_grids_is_one_cell(tmp_path):
    assert len(read(tmp_path, "grids:\n  - methods: [tome, tome]\n  - methods: [tome]\n    seeds: [0, 1]\n")) == 2


def test_paths_begin_at_the_file(tmp_path, method_folder):
    folder = method_folder("mine", "pass")
    text = "defaults:\n  checkpoint: w.pth\n  data: /data\n  models: [resnet18]\ngrids:\n  - methods: [made/mine]\n"
    (cell,) = read(tmp_path, text)
    assert (cell.method, cell.checkpoint) == (str(folder), tmp_path / "w.pth")
    assert str(cell.data) == "/data"


FAULTS = {
    "unknown method": (
        "[tome, evit]",
        "[tome, evti]",
        "7: grids[0].methods[1]: there is no method 'evti' (did you mea",
    ),
    "no method": ("[tome, evit]", "[]", "7: grids[0].methods: has too few values; give at least 1"),
    "no grid": (SWEEP[SWEEP.index("grids") :], "grids: []\n", "6: grids: has too few values; give at least 1"),
    "no grids at all": (SWEEP[SWEEP.index("grids") :], "", "1: grids: is missing; add it"),
    "no value": ("[0.7, 0.5]", "[]", "11: grids[1].parameters.keep_rate: has too few values"),
    "no budget": ("[0.75, 0.5]", "[]", "8: grids[0].budgets: has too few values"),
    "budget of 0": ("[0.75, 0.5]", "[0.75, 0]", "8: grids[0].budgets[1]: is 0; it must be more than 0"),
    "budget above 1": ("[0.75, 0.5]", "[1.5]", "8: grids[0].budgets[0]: is 1.5; it must be at most 1"),
    "unknown parameter": (
        "keep_rate",
        "keep_rat",
        "11: grids[1].parameters.keep_rat: evit has no parameter 'keep_rat'",
    ),
    "bad value": (
        "[0.7, 0.5]",
        "[0.7, 1.5]",
        "11: grids[1].parameters.keep_rate: evit: keep_rate=1.5: input should be",
    ),
    "unknown benchmark": (
        "[cluttered-digits]",
        "[clutter]",
        "3: defaults.benchmarks[0]: there is no benchmark 'clutter'",
    ),
    "unknown field": ("seeds: [5]", "seed: [5]", "13: grids[1].seed: is not a known field (did you mean 'seeds'?)"),
    "no list": ("seeds: [5]", "seeds: 5", "13: grids[1].seeds: is 5; write a list"),
    "text for a number": ("seeds: [5]", "seeds: ['5']", "13: grids[1].seeds[0]: is '5'; write a whole number"),
    "batch of none": ("[1, 8]", "[0]", "15: grids[1].batch_sizes[0]: is 0; it must be at least 1"),
    "twice": ("threads: 1", "seeds: [1]", "14: grids[1].seeds: stands here a second time"),
    "no YAML": ("[tome, evit]", "[tome, evit", "is not YAML"),
}


@pytest.mark.parametrize("old, new, said", FAULTS.values(), ids=FAULTS)
def test_a_fault_is_told_with_its_place(tmp_path, old, new, said):
    assert old in SWEEP
    with pytest.raises(PrunariumError) as fault:
        read(tmp_path, SWEEP.replace(old, new))
    assert f"{tmp_path}/sweep.yaml:" in str(fault.value) and said in str(fault.value)
    assert len(str(fault.value).splitlines()) == 1


def test_how_many_more_faults_there_are(tmp_path):
    with pytest.raises(PrunariumError, match=r"budgets\[0\]: .* \(and 1 more\)$"):
        read(tmp_path, SWEEP.replace("[0.75, 0.5]", "[2, 3]"))


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(PrunariumError, match=r"sweep\.yaml:1: cannot be read"):
        read_sweep(tmp_path / "sweep.yaml")
