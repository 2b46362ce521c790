"""The files for other programs: each is read back by a program of its own, and the checksums are theirs."""

import csv
import io
import json
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256

import bibtexparser
import pandas
import pytest
import rispy

from prunarium.site import content, dumps
from prunarium.site.documents import documents
from prunarium.site.listing import CHECKSUMS, HOLDS, INDEX, PAGE, listings


@pytest.fixture(scope="module")
def files(everything):
    return documents(everything)


@pytest.fixture(scope="module")
def nothing(everything):
    empty = replace(everything.catalogue, papers_by_id={})
    return replace(everything, catalogue=empty, methods=(), benchmarks=None)


def test_every_paper_is_in_every_dump(everything, files):
    ids = [paper.id for paper in everything.catalogue]
    assert [entry.key for entry in bibtexparser.parse_string(files["papers.bib"].decode()).entries] == ids
    assert [reference["id"] for reference in rispy.loads(files["papers.ris"].decode())] == ids
    assert [row["id"] for row in csv.DictReader(io.StringIO(files["papers.csv"].decode()))] == ids
    assert pandas.read_parquet(io.BytesIO(files["papers.parquet"]))["id"].tolist() == ids


def test_parquet_keeps_lists_numbers_and_the_day(everything, files):
    table = pandas.read_parquet(io.BytesIO(files["papers.parquet"])).set_index("id")
    for paper in everything.catalogue:
        row = table.loc[paper.id]
        assert (list(row["authors"]), list(row["categories"])) == (paper.authors, paper.categories)
        assert (row["year"], row["added"], row["withdrawn"]) == (paper.year, paper.added, paper.withdrawn)
    assert table["year"].dtype == "int32"


def test_every_score_is_in_both_tables(everything, files):
    keys = [score.key for score in everything.scores]
    assert pandas.read_parquet(io.BytesIO(files["scores.parquet"]))["key"].tolist() == keys
    table = pandas.read_csv(io.BytesIO(files["scores.csv"]), dtype={"key": str})
    assert list(dict.fromkeys(table["key"])) == keys
    assert len(table) == sum(max(1, len(score.speed)) for score in everything.scores)


def test_the_index_names_every_file_with_its_true_checksum(everything, files):
    data = json.loads(files[INDEX])
    listed = {one["path"]: one for one in data["files"]}
    assert set(listed) | {INDEX, CHECKSUMS, PAGE} == set(files), "give a new file its words in HOLDS"
    assert data["count"] == len(listed)
    for path, one in listed.items():
        assert one["bytes"] == len(files[path])
        assert one["sha256"] == sha256(files[path]).hexdigest()
        assert one["url"] == f"{everything.addresses.site}{path}"
        assert one["described_by"] is None or one["described_by"] in listed
    assert {one["path"] for one in data["files"] if one["described_by"]} == {
        f"api/{name}.json" for name in ("papers", "methods", "scores", "reported", "taxonomy")
    }
    assert [path for path in HOLDS if "*" not in path and path not in listed] == []


def test_sha256sum_agrees(files, tmp_path):
    for path, made in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(made)
    checked = subprocess.run(
        ["sha256sum", "--check", "--quiet", CHECKSUMS], cwd=tmp_path, capture_output=True, text=True
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
    sums = files[CHECKSUMS].decode().splitlines()
    assert len(sums) == len(files) - 2, "all but the checksums and the page"
    (tmp_path / "papers.csv").write_text("id\n")
    checked = subprocess.run(
        ["sha256sum", "--check", "--quiet", CHECKSUMS], cwd=tmp_path, capture_output=True, text=True
    )
    assert checked.returncode == 1 and "papers.csv: FAILED" in checked.stdout


def test_the_same_records_make_the_same_bytes_in_another_process(small_tree):
    code = (
        "import sys; from pathlib import Path; from hashlib import sha256\n"
        "from prunarium.site import content\n"
        "from prunarium.site.documents import documents\n"
        "made = documents(content.read(Path(sys.argv[1])))\n"
        "print(*sorted((path, sha256(text).hexdigest()) for path, text in made.items()), sep='\\n')"
    )
    command = [sys.executable, "-c", code, str(small_tree)]
    there = subprocess.run(command, env={"PYTHONHASHSEED": "7"}, capture_output=True, text=True, check=True).stdout
    here = {path: sha256(text).hexdigest() for path, text in documents(content.read(small_tree)).items()}
    assert there.splitlines() == [str(pair) for pair in sorted(here.items())]


def test_without_pyarrow_the_index_and_the_page_say_what_is_left_out(everything, monkeypatch):
    monkeypatch.setattr(dumps, "find_spec", lambda name: None if name == "pyarrow" else object())
    made = dumps.documents(everything)
    assert not any(path.endswith(".parquet") for path in made) and "papers.csv" in made
    shown = listings(made, everything)
    words = "pyarrow is not installed where this site was built"
    assert json.loads(shown[INDEX])["left_out"] == {"papers.parquet": words, "scores.parquet": words}
    assert words in shown[PAGE].decode()


def test_an_empty_catalogue_has_tables_without_rows(nothing):
    made = documents(nothing)
    assert made["papers.bib"] == made["papers.ris"] == b""
    assert len(made["papers.csv"].splitlines()) == len(made["scores.csv"].splitlines()) == 1
    table = pandas.read_parquet(io.BytesIO(made["papers.parquet"]))
    assert len(table) == 0 and "title" in table.columns
    assert "0 papers" in made["llms.txt"].decode()


def test_hostile_titles_are_cells_of_their_own(odd):
    made = documents(odd)
    title = odd.catalogue.paper("tome").title
    assert [row["title"] for row in csv.DictReader(io.StringIO(made["papers.csv"].decode()))] == [title]
    assert pandas.read_parquet(io.BytesIO(made["papers.parquet"]))["title"].tolist() == [title]
    assert b"<script>" not in made[PAGE]


def test_llms_txt_has_its_form(everything, files):
    lines = files["llms.txt"].decode().splitlines()
    assert lines[0] == "# Prunarium" and lines[1] == "" and lines[2].startswith("> ")
    headings = [line for line in lines if line.startswith("## ")]
    assert headings[-1] == "## Optional" and len(headings) == len(set(headings))
    links = [line for line in lines if line.startswith("- ")]
    assert all(line.startswith("- [") and f"]({everything.addresses.site}" in line for line in links)
    for method in everything.methods:
        assert f"{everything.addresses.site}methods/{method.id}/" in files["llms.txt"].decode()
