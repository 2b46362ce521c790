"""Loading takes a bounded multiple of parsing, and no longer per record where there are many. Ratios only."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from prunarium import paths
from prunarium.catalog import load
from prunarium.catalog.places import paper_files

VOCABULARIES = ("venues.yaml", "taxonomy.yaml", "lists.yaml")


def seconds(task: Callable[[], object]) -> float:
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def parse(root: Path) -> None:
    """What loading cannot do without: each file read, and parsed by the fastest parser there is."""
    for path in (*paper_files(root), *(root / "catalog" / name for name in VOCABULARIES)):
        yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)


def test_loading_takes_less_than_three_times_the_parsing() -> None:
    root = paths.root()
    load(root)  # the first time imports and compiles
    runs = [(seconds(lambda: load(root)), seconds(lambda: parse(root))) for _ in range(5)]
    loading, parsing = (min(times) for times in zip(*runs, strict=True))
    assert loading < 3 * parsing


@pytest.mark.slow
def test_a_catalogue_of_20000_records_loads_at_the_same_rate(tmp_path: Path) -> None:
    times = []
    for count in (2_000, 20_000):
        root = many(tmp_path / str(count), count)
        times.append(min(seconds(lambda root=root: load(root)) for _ in range(2)) / count)  # type: ignore[misc]
        assert len(load(root)) == count
    few, many_records = times
    assert many_records < 2 * few


def many(root: Path, count: int) -> Path:
    """A tree of that many records: the real ones again and again, under other ids."""
    folder = root / "catalog" / "papers"
    folder.mkdir(parents=True)
    for name in VOCABULARIES:
        (root / "catalog" / name).write_bytes((paths.root() / "catalog" / name).read_bytes())
    originals = [path.read_text(encoding="utf-8") for path in paper_files(paths.root())]
    for number in range(count):
        first, _, rest = originals[number % len(originals)].partition("\n")
        text = f"{first}\nid: paper-{number}\n{rest.partition(chr(10))[2]}"
        (folder / f"paper-{number}.yaml").write_text(text, encoding="utf-8")
    return root
