"""Reading one file: valid ones become records, and every fault of another is one line that says what to do."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prunarium.catalog.files import FaultyFileError, read_json, read_yaml
from prunarium.catalog.importers.drafts import new_record
from prunarium.errors import PrunariumError
from prunarium.records import MeasuredScore, Paper, PaperLists, ReportedScores

PAPER = "id: alpha\ntitle: Alpha\nyear: 2023\nkind: method\n"


def faults(folder: Path, text: str | bytes, model: type = Paper) -> list[str]:
    path = folder / "file.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(FaultyFileError) as caught:
        read_yaml(path, model, "file.yaml")
    return [str(fault) for fault in caught.value.faults]


def test_a_valid_file_becomes_a_record(tmp_path: Path) -> None:
    path = tmp_path / "alpha.yaml"
    path.write_text(PAPER + 'identifiers:\n  arxiv: "2301.01230"\n')
    paper = read_yaml(path, Paper)
    assert (paper.id, paper.year, paper.identifiers.arxiv) == ("alpha", 2023, "2301.01230")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            PAPER + "identifiers:\n  arxiv: 2301.01230\n",
            "file.yaml:6: identifiers.arxiv: is a number to YAML (2301.0123): identifiers are strings, "
            "put it in quotes",
            id="unquoted arXiv id",
        ),
        pytest.param(
            PAPER + 'identifiers:\n  arxiv: "2301.01230v2"\n',
            "file.yaml:6: identifiers.arxiv: is '2301.01230v2': an arXiv id is two digits of the year and two of "
            'the month, a dot, and five digits (four before 2015), without a version; write it as "2210.09461"',
            id="arXiv id with its version",
        ),
        pytest.param(
            PAPER + "identifiers:\n  doi: https://doi.org/10.1234/abc\n",
            "file.yaml:6: identifiers.doi: is 'https://doi.org/10.1234/abc': a DOI begins with 10. and a number, "
            "then a slash; leave out https://doi.org/",
            id="DOI as an address",
        ),
        pytest.param(
            PAPER + "titel: Alpha\n",
            "file.yaml:5: titel: is not a known field (did you mean 'title'?); correct its name or remove it",
            id="unknown key",
        ),
        pytest.param(
            PAPER + "links:\n  code:\n    - url: https://github.com/a/b\n      oficial: true\n",
            "file.yaml:8: links.code[0].oficial: is not a known field (did you mean 'official'?); "
            "correct its name or remove it",
            id="unknown key below a list",
        ),
        pytest.param(
            PAPER + "venue:\n  id: icxl\n  year: 2023\n  status: publishd\n",
            "file.yaml:8: venue.status: is 'publishd', which is not a choice (did you mean 'published'?); "
            "choose published or accepted or submitted or preprint",
            id="wrong choice",
        ),
        pytest.param(
            PAPER + "venue:\n  id: icxl\n  status: published\n",
            "file.yaml:5: venue.year: is missing; add it",
            id="missing field",
        ),
        pytest.param(
            PAPER.replace("title: Alpha", "title: <b>Alpha</b>"),
            "file.yaml:2: title: holds HTML markup; write plain text (with a space after a '<' that means less than)",
            id="HTML in the title",
        ),
        pytest.param(
            PAPER.replace("title: Alpha", "title: '[x](JavaScript:alert(1))'"),
            "file.yaml:2: title: holds 'JavaScript:', which browsers may run; "
            "write plain text (with a space after the colon)",
            id="a script in the title",
        ),
        pytest.param(
            PAPER + "links:\n  paper:\n    - javascript:alert(1)\n",
            "file.yaml:7: links.paper[0]: is not a web address; it must begin with https:// or http://",
            id="javascript link",
        ),
        pytest.param(
            PAPER.replace("title: Alpha", "title: 2023"),
            "file.yaml:2: title: is a number to YAML (2023): this is a text, put it in quotes",
            id="a title that is a number",
        ),
        pytest.param(
            PAPER.replace("title: Alpha", "title: No"),
            "file.yaml:2: title: is false to YAML: this is a text, put it in quotes",
            id="a title that is a truth value",
        ),
        pytest.param(
            PAPER.replace("title: Alpha", "title:"),
            "file.yaml:2: title: is empty; write a text, or remove the line",
            id="an empty title",
        ),
        pytest.param(
            PAPER.replace("2023", '"2023"'),
            "file.yaml:3: year: is '2023'; write a whole number, without quotes",
            id="a year in quotes",
        ),
        pytest.param(
            PAPER.replace("2023", "223"),
            "file.yaml:3: year: is 223; it must be at least 1990",
            id="a year out of bounds",
        ),
        pytest.param(
            PAPER.replace("id: alpha", "id: Alpha One"),
            "file.yaml:1: id: is 'Alpha One': an id is lower-case words and numbers joined by hyphens; write it so",
            id="an id that is none",
        ),
        pytest.param(
            PAPER + "authors: Ada Example\n",
            "file.yaml:5: authors: is 'Ada Example'; write a list: each value on a line of its own, after '- '",
            id="no list",
        ),
        pytest.param(
            PAPER + "superseded_by: alpha\n",
            "file.yaml:1: superseded_by names the record itself; name the other record",
            id="its own successor",
        ),
        pytest.param(
            PAPER + "title: Beta\n",
            "file.yaml:5: title: stands here a second time; keep one of the two",
            id="duplicate key",
        ),
        pytest.param(
            PAPER + "links:\n  pdf: []\n  pdf: []\n",
            "file.yaml:7: links.pdf: stands here a second time; keep one of the two",
            id="duplicate key further in",
        ),
        pytest.param(
            "id: &loop [*loop]\nid: alpha\n",
            "file.yaml:1: stands here a second time; keep one of the two",
            id="duplicate key beside an alias that holds itself",
        ),
        pytest.param(
            PAPER.replace("title: Alpha", "title: Alpha: Forgetting"),
            "file.yaml:2: is not YAML (mapping values are not allowed in this context); correct the line, "
            "or put the value in quotes",
            id="corrupt YAML",
        ),
        pytest.param(
            PAPER.replace("Alpha", "Séance").encode("latin-1"),
            "file.yaml:2: is not UTF-8 (byte 0xe9); save the file in UTF-8",
            id="Latin-1",
        ),
        pytest.param("", "file.yaml:1: is empty; write a mapping: 'field: value' lines", id="empty file"),
        pytest.param("- a\n", "file.yaml:1: is a list; write a mapping: 'field: value' lines", id="a list as the file"),
    ],
)
def test_a_fault_is_one_line_that_says_what_to_do(tmp_path: Path, text: str | bytes, expected: str) -> None:
    assert faults(tmp_path, text) == [expected]


def test_all_faults_of_a_file_come_at_once_in_order_of_lines(tmp_path: Path) -> None:
    found = faults(tmp_path, "id: alpha\ntitle: Alpha\nyear: x\nkind: method\nidentifiers:\n  arxiv: 1.5\nfoo: 1\n")
    assert [fault.split(": ")[0:2] for fault in found] == [
        ["file.yaml:3", "year"],
        ["file.yaml:6", "identifiers.arxiv"],
        ["file.yaml:7", "foo"],
    ]


def test_the_error_itself_is_one_line_that_says_how_many_more(tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    path.write_text("id: alpha\nyear: x\nkind: method\n")
    with pytest.raises(FaultyFileError) as caught:
        read_yaml(path, Paper, "file.yaml")
    expected = "file.yaml:1: title: is missing; add it (1 more; 'prunarium validate' lists all)"
    assert str(caught.value) == expected


def test_a_missing_file_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(FaultyFileError, match=r"^x\.yaml:1: cannot be read \(No such file or directory\); check"):
        read_yaml(tmp_path / "x.yaml", Paper, "x.yaml")


def test_a_date_needs_no_quotes(tmp_path: Path) -> None:
    path = tmp_path / "lists.yaml"
    path.write_text(
        "lists:\n  - id: a\n    title: A\n    format: tables\n    last_update: 2024-10-22\n    screened: no\n"
    )
    assert read_yaml(path, PaperLists).lists[0].last_update == "2024-10-22"


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2026-11-22T10:00", "is '2026-11-22T10:00': a date is a year, a month and a day; write it as YYYY-MM-DD"),
        ("22.11.2026", "is '22.11.2026': a date is a year, a month and a day; write it as YYYY-MM-DD"),
        ("2026-02-30", "is no day of the calendar; correct it"),
    ],
)
def test_a_day_that_is_none_is_said_in_plain_words(tmp_path: Path, day: str, words: str) -> None:
    assert faults(tmp_path, f"{PAPER}added: {day}\n", Paper)[0].endswith(f"added: {words}")


def test_a_value_that_fits_no_branch_of_a_union_is_one_fault(tmp_path: Path) -> None:
    text = """scores:
  - reported_by: A
    own_claim: true
    source: https://example.org
    where: Table 1
    model: M
    dataset: D
    read_on: "2026-11-22"
    setting:
      r: {a: 1}
"""
    words = "holds no plain value; write a text, a number, true, false or a list"
    assert faults(tmp_path, text, ReportedScores) == [f"file.yaml:10: scores[0].setting.r: {words}"]


def json_faults(folder: Path, text: str) -> list[str]:
    path = folder / "score.json"
    path.write_text(text)
    with pytest.raises(FaultyFileError) as caught:
        read_json(path, MeasuredScore, "score.json")
    return [str(fault) for fault in caught.value.faults]


def test_half_a_character_is_said_in_plain_words(tmp_path: Path) -> None:
    words = "score.json:1: model: holds half of a character (a lone surrogate); write the whole one"
    assert words in json_faults(tmp_path, '{"model": "\\ud800"}')
    with pytest.raises(PrunariumError, match=r"^title holds half of a character \(a lone surrogate\); write"):
        new_record({"id": "alpha", "title": "\ud800", "year": 2023, "kind": "method"})


@pytest.mark.parametrize("title", ["Data: A Study", "Big Data:", "Metadata:x", "On JavaScript: A Study"])
def test_honest_titles_with_a_colon_are_read(tmp_path: Path, title: str) -> None:
    path = tmp_path / "file.yaml"
    path.write_text(PAPER.replace("title: Alpha", f"title: '{title}'"))
    assert read_yaml(path, Paper).title == title


def test_broken_json_gives_its_line(tmp_path: Path) -> None:
    expected = "score.json:3: is not JSON (Expecting property name enclosed in double quotes, column 1); correct it"
    assert json_faults(tmp_path, '{\n"method": "a",\n}') == [expected]


def test_faults_of_json_have_their_lines_too(tmp_path: Path) -> None:
    found = json_faults(tmp_path, json.dumps({"schema_version": 2, "method": "a", "seed": "x"}, indent=2))
    assert "score.json:4: seed: is 'x'; write a whole number, without quotes" in found
    assert "score.json:1: model: is missing; add it" in found


def test_a_key_twice_in_json_is_a_fault(tmp_path: Path) -> None:
    found = json_faults(tmp_path, '{\n"seed": 1,\n"seed": 2\n}')
    assert found == ["score.json:3: seed: stands here a second time; keep one of the two"]


slow_machine = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
YAML_LIKE = st.text(alphabet="ab:1.- \n\t[]{}&*!#|>'\"%@,?é\u2028\ufeff\x00=<~0xtrue", max_size=60)


@slow_machine
@given(YAML_LIKE | st.binary(max_size=40))
def test_any_content_gives_a_record_or_one_line_faults(scratch: Path, text: str | bytes) -> None:
    path = scratch / "file.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    for read in (read_yaml, read_json):
        try:
            read(path, Paper, "file.yaml")
        except FaultyFileError as error:
            for fault in map(str, error.faults):
                assert fault.startswith("file.yaml:")
                assert len(fault.splitlines()) == 1
                assert "pydantic" not in fault
                assert ";" in fault or "must" in fault or "quotes" in fault


@slow_machine
@given(
    st.dictionaries(
        st.sampled_from([*Paper.model_fields, "extra", "1"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "url", "code", "x"]), inner)
            ),
            max_leaves=5,
        ),
    )
)
def test_any_values_give_one_line_faults(scratch: Path, data: dict[str, object]) -> None:
    path = scratch / "file.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(FaultyFileError) as caught:
        read_json(path, Paper, "file.json")
    for fault in map(str, caught.value.faults):
        assert len(fault.splitlines()) == 1
        assert "pydantic" not in fault
        assert "https://errors" not in fault
