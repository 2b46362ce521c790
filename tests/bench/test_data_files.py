"""The rows of a dataset on the disk: every kind of file that is read, and every fault in one line."""

import pytest

from prunarium import PrunariumError
from prunarium.bench.data_files import DataFiles, drawn

from .text_directories import save_to_disk, write_lines, write_parquet

ROWS = [{"text": f"story {number}", "label": number % 2} for number in range(7)]
NAMES = ["bad", "good"]


def read(path, columns=("text", "label"), count=None):
    return [row for _, row in DataFiles(path).rows(list(columns), count)]


def test_every_kind_of_file_gives_the_same_rows(tmp_path):
    places = [
        write_parquet(tmp_path / "hub" / "data" / "test-00000-of-00001.parquet", ROWS).parents[1],
        save_to_disk(tmp_path / "saved", ROWS),
        write_lines(tmp_path / "rows.jsonl", ROWS),
        write_lines(tmp_path / "rows.json", ROWS),
    ]
    for place in places:
        files = DataFiles(place)
        assert read(place) == ROWS and len(files) == 7 and sorted(files.columns) == ["label", "text"]
        assert read(place, ["label"]) == [{"label": row["label"]} for row in ROWS]


def test_classes_have_the_names_that_the_library_noted(tmp_path):
    for place in (write_parquet(tmp_path / "a.parquet", ROWS, NAMES), save_to_disk(tmp_path / "b", ROWS, NAMES)):
        assert DataFiles(place).class_names("label") == NAMES
        assert DataFiles(place).class_names("text") == []


def test_files_of_one_split_are_one_after_the_other(tmp_path):
    for number in range(2):
        write_parquet(tmp_path / f"test-0000{number}-of-00002.parquet", ROWS[3 * number :][: 3 + number])
    assert read(tmp_path) == ROWS
    write_parquet(tmp_path / "cache-0123456789abcdef.parquet", ROWS)  # of Dataset.map
    assert read(tmp_path) == ROWS


def test_a_draw_is_the_same_every_time_and_a_part_of_all(tmp_path):
    path = write_lines(tmp_path / "rows.jsonl", ROWS)
    numbers = [number for number, _ in DataFiles(path).rows(["text"], 3)]
    assert len(numbers) == 3 and set(numbers) == drawn(3, 7, "") and numbers == sorted(numbers)
    assert [ROWS[number]["text"] for number in numbers] == [row["text"] for row in read(path, ["text"], 3)]


def test_a_text_file_is_a_row(tmp_path):
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(f"of {name}\u2028", encoding="utf-8")
    assert read(tmp_path, ["text"]) == [{"text": "of a.txt\u2028"}, {"text": "of b.txt\u2028"}]


def test_a_line_of_json_may_hold_any_character(tmp_path):
    rows = [{"text": "one\u2028line\x0b"}]
    assert read(write_lines(tmp_path / "rows.jsonl", rows), ["text"]) == rows


def several_splits(folder):
    for split in ("train", "validation"):
        save_to_disk(folder / split, ROWS)
    return folder


def a_file(name, content):
    def write(folder):
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
        return folder

    return write


def uneven(folder):
    write_parquet(folder / "test-00000-of-00002.parquet", ROWS)
    write_parquet(folder / "test-00001-of-00002.parquet", [{"text": "alone"}])
    return folder


FAULTS = {
    "no folder": (
        lambda folder: folder,
        "holds no data files (.parquet, .arrow, .jsonl, .json, .txt); give the folder",
    ),
    "nothing in it": (a_file("state.json", b"{}"), "holds no data files"),
    "a file of another kind": (lambda folder: a_file("a.csv", b"text")(folder) / "a.csv", "holds no data files"),
    "several splits": (several_splits, "holds several splits (train/data, validation/data); give the files of one"),
    "no rows": (a_file("rows.jsonl", b"\n"), "holds no rows; give another split"),
    "a broken line": (a_file("rows.jsonl", b'{"text": "a"}\n{"text"\n'), "rows.jsonl:2: is no JSON object on one line"),
    "an array": (a_file("rows.json", b"[1, 2]"), "rows.json:1: is no JSON object on one line"),
    "no parquet": (a_file("a.parquet", b"no"), "is not a parquet file that can be read"),
    "no Arrow": (a_file("a.arrow", b"no"), "is not an Arrow file of a dataset that can be read"),
    "not UTF-8": (a_file("a.txt", b"\xff"), "cannot be read as text"),
    "a column that one file lacks": (uneven, "one of its files has no column 'label', the first has"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_are_one_line(tmp_path, name):
    make, words = FAULTS[name]
    with pytest.raises(PrunariumError) as error:
        read(make(tmp_path / "data"))
    assert words in str(error.value) and "\n" not in str(error.value)


def test_what_several_splits_advise_can_be_read(tmp_path):
    with pytest.raises(PrunariumError) as error:
        DataFiles(several_splits(tmp_path / "data"))
    pattern = str(error.value).split("--data '")[1].rstrip("'")
    assert read(type(tmp_path)(pattern)) == ROWS
