"""Writing: what is written reads back as it was, and what did not change keeps its bytes."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prunarium import paths
from prunarium.catalog.files import read_yaml
from prunarium.catalog.places import schema_from
from prunarium.catalog.writing import add_missing, plain, rewrite, to_yaml, write_text
from prunarium.errors import PrunariumError
from prunarium.records import Paper

CATALOG_FILES = sorted((paths.root() / "catalog").rglob("*.yaml"))


def test_there_are_files_to_test() -> None:
    assert len(CATALOG_FILES) >= 78 + 3


@pytest.mark.parametrize("path", CATALOG_FILES, ids=lambda path: path.stem)
def test_an_untouched_file_keeps_its_bytes(path: Path) -> None:
    text = path.read_bytes().decode("utf-8")
    assert rewrite(text, lambda node: None) == text


@pytest.mark.parametrize(
    "path", sorted((paths.root() / "catalog" / "papers").glob("*.yaml")), ids=lambda path: path.stem
)
def test_a_papers_file_is_what_writing_its_record_gives(path: Path) -> None:
    record = read_yaml(path, Paper)
    assert to_yaml(record, schema_from(paths.root(), path, "paper")) == path.read_text(encoding="utf-8")


def test_the_first_line_names_the_schema_and_empty_fields_are_left_out() -> None:
    paper = Paper(id="alpha", title="Alpha", year=2023, kind="method")
    expected = "# yaml-language-server: $schema=../s.json\nid: alpha\ntitle: Alpha\nyear: 2023\nkind: method\n"
    assert to_yaml(paper, "../s.json") == expected


def test_false_is_not_empty() -> None:
    data = {"id": "a", "title": "A", "year": 2023, "kind": "method", "links": {"code": [{"url": "https://x.org"}]}}
    data["links"]["code"][0]["official"] = False  # type: ignore[index]
    assert plain(Paper.model_validate(data))["links"] == {"code": [{"url": "https://x.org", "official": False}]}


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40).filter(
    lambda text: text.strip() and "<" not in text
)
TRICKY = st.sampled_from(
    ["no", "on", "~", "null", "2301.01230", "1e3", "0x1F", "1_000", "12:30:45", "2024-10-22", "=", "- a", "a: b", "# a",
     "a #b", "'", '"', "&a",
     "*a", "!a", "%a", "@a", "`a", "{a", "[a", "|", ">", "?", "? a", "a:", "...", "---", "é", "😀",
     "line\nbreak", "a\n\nb", "\u2028", "\u00a0x", "\ufeff", "\x85x", "True", ".inf", "<<", "0o17", "0b1", "a\u200bb"]
)  # fmt: skip


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    title=TEXTS | TRICKY, authors=st.lists(TEXTS | TRICKY, max_size=3), sources=st.dictionaries(TEXTS | TRICKY, TEXTS)
)
def test_what_is_written_reads_back(scratch: Path, title: str, authors: list[str], sources: dict[str, str]) -> None:
    data = {"id": "a", "title": title, "year": 2023, "kind": "method", "authors": authors, "sources": sources}
    try:
        paper = Paper.model_validate({**data, "notes": [title], "mentions": [{"list": "l", "line": 1, "title": title}]})
    except ValueError:
        return  # a control character
    path = scratch / "a.yaml"
    write_text(path, to_yaml(paper, "x.json"))
    assert read_yaml(path, Paper) == paper
    text = path.read_text(encoding="utf-8")
    assert rewrite(text, lambda node: None).splitlines()[:3] == text.splitlines()[:3]


def test_what_is_added_leaves_every_other_line_alone() -> None:
    text = "# a comment\nid: a   # the id\ntitle: 'A'\nvenue:\nnotes:\n  # why\n  - one\n"
    data = {"identifiers": {"arxiv": "2301.01230"}, "notes": ["two"], "year": 2023}
    expected = (
        "# a comment\nid: a   # the id\ntitle: 'A'\nyear: 2023\nvenue:\nidentifiers:\n  arxiv: \"2301.01230\"\n"
        "notes:\n  # why\n  - one\n  - two\n"
    )
    assert rewrite(text, lambda node: add_missing(node, data, Paper)) == expected


def test_a_field_that_is_there_but_empty_is_filled() -> None:
    text = "id: a\nidentifiers:\n  arxiv: null\n  doi: 10.1/b\nnotes: []\n"
    expected = 'id: a\nidentifiers:\n  arxiv: "2301.01230"\n  doi: 10.1/b\nnotes:\n  - one\n'
    data = {"identifiers": {"arxiv": "2301.01230"}, "notes": ["one"]}
    assert rewrite(text, lambda node: add_missing(node, data, Paper)) == expected


def test_what_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    path = tmp_path / "file" / "papers" / "alpha.yaml"
    with pytest.raises(PrunariumError) as caught:
        write_text(path, "new")
    assert str(caught.value) == f"{path}: cannot be written (Not a directory); check the folder's permissions"


def test_a_write_that_fails_leaves_the_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("old")

    def fail(self: Path, target: Path) -> None:
        raise OSError("full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(PrunariumError, match=r"a\.yaml: cannot be written \(full\); check the folder's permissions"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
