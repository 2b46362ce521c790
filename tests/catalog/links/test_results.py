"""The file of results: whatever cuts it short, all but the last line stays."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prunarium import paths
from prunarium.catalog.links import Outcome, Result, Results, default_file
from prunarium.errors import PrunariumError

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def result(url: str, outcome: Outcome = Outcome.OK, status: int | None = 200, age: int = 0, note: str = "") -> Result:
    return Result(url=url, outcome=outcome, status=status, message=note, checked_on=NOW - timedelta(days=age))


ANY_RESULT = st.builds(result, st.text(min_size=1), st.sampled_from(Outcome), note=st.text())


@settings(deadline=None)
@given(kept=st.lists(ANY_RESULT, min_size=1, max_size=6, unique_by=lambda one: one.url), data=st.data())
def test_a_file_that_is_cut_anywhere_loses_one_line_at_most(scratch: Path, kept: list[Result], data) -> None:
    path = scratch / "cut.jsonl"
    path.unlink(missing_ok=True)
    written = Results(path)
    for one in kept:
        written.add(one)
    whole = path.read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:cut])
    complete = whole[:cut].count(b"\n")
    read = Results(path)
    assert list(read.by_url.values())[:complete] == kept[:complete]
    assert len(read.by_url) - complete + len(read.faults) <= 1
    read.add(kept[-1])
    again = Results(path)
    assert again.faults == []
    assert again.by_url == {**read.by_url, kept[-1].url: kept[-1]}


def test_the_last_result_of_an_address_counts(tmp_path: Path) -> None:
    results = Results(tmp_path / "deep" / "links.jsonl")
    for outcome in (Outcome.OK, Outcome.GONE):
        results.add(result("https://a.example/", outcome))
    assert len((tmp_path / "deep" / "links.jsonl").read_text().splitlines()) == 2
    results.tidy()
    assert len((tmp_path / "deep" / "links.jsonl").read_text().splitlines()) == 1
    assert Results(results.path).by_url["https://a.example/"].outcome is Outcome.GONE


def test_two_runs_at_once_keep_what_both_found(tmp_path: Path) -> None:
    one, other = Results(tmp_path / "links.jsonl"), Results(tmp_path / "links.jsonl")
    one.add(result("https://a.example/"))
    other.add(result("https://b.example/"))
    one.tidy()
    other.tidy()
    assert set(Results(one.path).by_url) == {"https://a.example/", "https://b.example/"}


def test_a_broken_line_is_named_and_the_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "links.jsonl"
    good = [result(f"https://{name}.example/").model_dump_json().encode() for name in "ab"]
    path.write_bytes(b"\n".join([good[0], b"\xff\xfe{", b"", b'{"url": 3}', good[1]]) + b"\n")
    results = Results(path)
    assert list(results.by_url) == ["https://a.example/", "https://b.example/"]
    assert results.faults == [
        f"{path}:{line}: is no result of a check; left out, its address is checked again" for line in (2, 4)
    ]


@pytest.mark.parametrize(
    ("outcome", "status", "stays"),
    [
        (Outcome.OK, 200, True),
        (Outcome.REDIRECTED, 200, True),
        (Outcome.MOVED, 200, True),
        (Outcome.GONE, 404, True),
        (Outcome.REFUSED, 403, True),
        (Outcome.REFUSED, 429, False),
        (Outcome.REDIRECT_LOOP, None, True),
        (Outcome.ERROR, 500, False),
        (Outcome.UNREACHABLE, None, False),
        (Outcome.TIMEOUT, None, False),
    ],
)
def test_what_may_pass_by_itself_is_asked_again(
    tmp_path: Path, outcome: Outcome, status: int | None, stays: bool
) -> None:
    results = Results(tmp_path / "links.jsonl")
    results.add(result("https://a.example/", outcome, status, age=3))
    assert bool(results.fresh("https://a.example/", NOW - timedelta(days=7))) == stays
    assert results.fresh("https://a.example/", NOW - timedelta(days=2)) is None
    assert results.fresh("https://b.example/", NOW - timedelta(days=7)) is None


@pytest.mark.parametrize(
    "text",
    [
        "id: alpha\ntitle: A Paper\n", "one line", "[1, 2]\n", '{"a": 1}\n',
        '{"my": "data", "that": "I wrote"}', '{"my": "data", ', '{"url":"https://a.example/","note":"mine"}',
    ],
)  # fmt: skip
def test_another_kind_of_file_is_not_touched(tmp_path: Path, text: str) -> None:
    path = tmp_path / "alpha.yaml"
    path.write_text(text)
    with pytest.raises(PrunariumError, match="holds no results of checks; name another file with --cache"):
        Results(path)
    assert path.read_text() == text


def test_a_folder_is_no_file_of_results(tmp_path: Path) -> None:
    with pytest.raises(PrunariumError, match=r"cannot be read \(Is a directory\); name another file with --cache"):
        Results(tmp_path)


def test_where_results_are_kept(tmp_path: Path) -> None:
    assert default_file(tmp_path) == tmp_path / "build" / "links.jsonl"
    installed = default_file(Path(paths.__file__).parent / "data")
    assert installed.name == "links.jsonl"
    assert not installed.is_relative_to(Path(paths.__file__).parent)
