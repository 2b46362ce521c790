"""Nothing that was filled disappears in silence: not from one record, and not between two copies of the catalogue."""

import copy
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from prunarium.catalog.drop_guard import dropped, refuse_drops
from prunarium.catalog.writing import plain, rewrite
from prunarium.cli import app
from prunarium.errors import PrunariumError
from prunarium.records import Paper

Change = Callable[[str, str, str], None]
Place = tuple[str | int, ...]
FILE = "catalog/papers/a.yaml"
ALPHA, BETA = "catalog/papers/alpha.yaml", "catalog/papers/beta.yaml"

LISTED = {"list": "l", "line": 1, "title": "t"}

WORDS = st.text("abcdefg", min_size=1, max_size=3)
URLS = WORDS.map(lambda word: f"https://x.org/{word}")
PAPERS = st.builds(
    Paper,
    id=st.just("a"),
    title=WORDS,
    year=st.integers(2000, 2030),
    kind=st.just("method"),
    name=WORDS | st.none(),
    authors=st.lists(WORDS, max_size=3),
    withdrawn=st.booleans(),
    venue=st.none() | st.just({"id": "icxl", "year": 2020, "status": "published", "track": "short"}),
    identifiers=st.fixed_dictionaries({}, optional={"arxiv": st.just("2301.01230"), "doi": st.just("10.1234/a")}),
    links=st.fixed_dictionaries(
        {},
        optional={
            "pdf": st.lists(URLS, max_size=2),
            "code": st.lists(st.fixed_dictionaries({"url": URLS}, optional={"official": st.booleans()}), max_size=2),
        },
    ),
    mentions=st.lists(
        st.fixed_dictionaries({"list": WORDS, "line": st.integers(1, 9), "title": WORDS}, optional={"venue": WORDS}),
        max_size=3,
    ),
    sources=st.dictionaries(WORDS, WORDS, max_size=2),
    notes=st.lists(WORDS, max_size=2),
)
RECORDS = PAPERS.map(plain)


def places(data: Any, above: Place = ()) -> Iterator[Place]:
    """Every place of the data: of mappings, lists and values."""
    children = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in children:
        yield (*above, key)
        yield from places(value, (*above, key))


def at(data: Any, place: Place) -> Any:
    for key in place:
        data = data[key]
    return data


def reported(old: Any, new: Any) -> list[str]:
    return [drop.field for drop in dropped(FILE, old, new)]


@given(RECORDS)
def test_the_same_record_loses_nothing(record: dict[str, Any]) -> None:
    assert dropped(FILE, record, copy.deepcopy(record)) == []


@given(RECORDS, st.data())
def test_whatever_is_taken_out_is_reported(record: dict[str, Any], data: st.DataObject) -> None:
    place = data.draw(st.sampled_from(list(places(record))))
    changed = copy.deepcopy(record)
    del at(changed, place[:-1])[place[-1]]
    found = reported(record, changed)
    assert found
    assert all(field.startswith(str(place[0])) for field in found)


@given(RECORDS, st.data(), st.sampled_from([None, "", "  ", [], {}]))
def test_whatever_is_blanked_is_reported(record: dict[str, Any], data: st.DataObject, blank: object) -> None:
    place = data.draw(st.sampled_from(list(places(record))))
    changed = copy.deepcopy(record)
    at(changed, place[:-1])[place[-1]] = blank
    assert reported(record, changed)


@given(RECORDS, st.data())
def test_what_is_added_is_never_reported(record: dict[str, Any], data: st.DataObject) -> None:
    changed = copy.deepcopy(record)
    for part in data.draw(st.permutations(["name", "authors", "mentions", "sources"]))[:2]:
        if part == "name":
            changed.setdefault("name", "new")
        elif part == "sources":
            changed.setdefault("sources", {})["new"] = "new"
        else:
            new = {"list": "new", "line": 1, "title": "new"} if part == "mentions" else "new"
            changed.setdefault(part, []).insert(data.draw(st.integers(0, len(changed[part]))), new)
    assert dropped(FILE, record, changed) == []


@given(RECORDS, st.permutations(range(3)))
def test_another_order_is_no_loss(record: dict[str, Any], order: list[int]) -> None:
    changed = copy.deepcopy(record)
    for field in ("authors", "mentions", "notes"):
        if field in changed:
            changed[field] = [changed[field][number] for number in order if number < len(changed[field])]
    assert dropped(FILE, record, changed) == []


@given(RECORDS, RECORDS)
def test_between_any_two_records_each_filled_field_stays_filled_or_is_reported(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    found = reported(old, new)

    def is_reported(name: str) -> bool:
        parts = (f"{name}.", f"{name}[")
        return any(field == name or field.startswith(parts) or name.startswith(f"{field}.") for field in found)

    for field, value in old.items():
        assert new.get(field) not in (None, "", [], {}) or is_reported(field)
        if isinstance(value, list):
            assert len(new.get(field, [])) >= len(value) or is_reported(field)
    for group in ("identifiers", "links", "sources", "venue"):
        for key in old.get(group, {}):
            assert key in new.get(group, {}) or is_reported(f"{group}.{key}")
    for mention in old.get("mentions", []):  # each mention is a fact of its own: another list's takes no place of it
        assert any(mention["list"] == other["list"] for other in new.get("mentions", [])) or is_reported("mentions")


@pytest.mark.parametrize(
    ("old", "new", "fields"),
    [
        ({"title": "One"}, {"title": "Two"}, []),
        ({"authors": ["Ada Exmaple", "Bo"]}, {"authors": ["Ada Example", "Bo"]}, []),
        ({"authors": ["Ada", "Bo"]}, {"authors": ["Bo"]}, ["authors[0]"]),
        ({"authors": ["Ada", "Ada"]}, {"authors": ["Ada"]}, ["authors[1]"]),
        ({"identifiers": {"doi": "10.1/x"}}, {"identifiers": {"arxiv": "1"}}, ["identifiers.doi"]),
        ({"identifiers": {"doi": "10.1/x", "arxiv": "1"}}, {}, ["identifiers"]),
        ({"venue": {"id": "x"}}, {"venue": "x"}, ["venue"]),
        ({"withdrawn": True}, {}, ["withdrawn"]),
        ({"code": [{"url": "u", "official": True}]}, {"code": [{"url": "u"}]}, ["code[0].official"]),
        ({"code": [{"url": "u"}]}, {"code": [{"url": "v"}]}, ["code[0]"]),
        ({"mentions": [LISTED]}, {"mentions": [{**LISTED, "line": 9}]}, []),
        ({"mentions": [LISTED]}, {"mentions": [{**LISTED, "list": "m"}]}, ["mentions[0]"]),
        ({"mentions": [LISTED]}, {"mentions": [{"list": "l", "line": 9, "title": "u"}]}, ["mentions[0]"]),
        ({"name": " "}, {}, []),
    ],
)
def test_what_counts_as_gone(old: dict[str, Any], new: dict[str, Any], fields: list[str]) -> None:
    assert reported({"id": "a", **old}, {"id": "a", **new}) == fields


def test_a_rewrite_that_drops_something_is_refused_with_what_it_was() -> None:
    text = "id: a\nname: Tome\nauthors:\n  - Ada\n  - Bo\n"

    def change(node: Any) -> None:
        del node["name"], node["authors"][0]

    with pytest.raises(PrunariumError) as caught:
        rewrite(text, change, FILE)
    expected = f"{FILE}:1: would lose name ('Tome'), authors[0] ('Ada'); nothing was written"
    assert str(caught.value).startswith(expected)
    assert rewrite(text, change, FILE, ["a:name", "a:authors"]) == "id: a\nauthors:\n  - Bo\n"
    with pytest.raises(PrunariumError, match=r"would lose authors\[0\] \('Ada'\); "):
        rewrite(text, change, FILE, ["a:name", "b"])


def test_a_removed_record_is_refused() -> None:
    with pytest.raises(PrunariumError, match="would lose the record"):
        refuse_drops(FILE, {"id": "a"}, None)
    refuse_drops(FILE, {"id": "a"}, None, ["a"])


@pytest.fixture
def release(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree as it was."""
    return Path(shutil.copytree(tree, tmp_path_factory.mktemp("release") / "tree"))


def run(tree: Path, release: Path, *permits: str) -> tuple[int, list[str]]:
    options = [part for permit in permits for part in ("--allow-drop", permit)]
    arguments = ["validate", "--root", str(tree), "--against", str(release), *options]
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    return done.exit_code, done.output.splitlines()


def test_validate_reports_what_a_release_had(tree: Path, release: Path, change: Change) -> None:
    assert run(tree, release) == (0, ["0 faults, 2 papers"])
    change(ALPHA, "  doi: 10.1234/alpha\n", "")
    change("catalog/venues.yaml", "    aliases:\n      - IEEE ICXL\n", "")
    (tree / BETA).unlink()
    lost = [
        f"{ALPHA}:1: identifiers.doi: was '10.1234/alpha' and is gone; put it back "
        "(--allow-drop alpha:identifiers.doi)",
        f"{BETA}:1: is gone; put it back, or let the record that it became name it in 'aliases' (--allow-drop beta)",
        "catalog/venues.yaml:1: venues[1].aliases: was 'IEEE ICXL' and is gone; put it back "
        "(--allow-drop venues:venues[1].aliases)",
    ]
    assert run(tree, release) == (1, [*lost, "3 faults, 1 papers"])
    assert run(tree, release, "beta", "alpha:identifiers") == (
        1,
        [lost[2], "1 fault, 1 papers"],
    )
    assert run(tree, release, "beta", "alpha", "venues")[0] == 0


def test_a_record_with_a_new_id_is_not_gone(tree: Path, release: Path) -> None:
    text = (
        (tree / BETA).read_text().replace("id: beta\n", "id: gamma\n").replace("authors:", "aliases: [beta]\nauthors:")
    )
    (tree / BETA).unlink()
    (tree / "catalog" / "papers" / "gamma.yaml").write_text(text)
    assert run(tree, release)[0] == 0
    (tree / "catalog" / "papers" / "gamma.yaml").write_text(
        text.replace("notes:\n  - Its title was shorter once.\n", "")
    )
    assert run(tree, release)[1][0].startswith(f"{BETA}:1: notes: was 'Its title was shorter once.' and is gone")


def test_faulty_files_of_either_copy_and_wrong_permits_are_one_line(tree: Path, release: Path) -> None:
    with pytest.raises(PrunariumError, match=r"there was no record 'alfa' \(did you mean 'alpha'\?\)"):
        run(tree, release, "alfa:name")
    with pytest.raises(PrunariumError, match="holds no catalog/ with records"):
        run(tree, release / "methods")
    (release / ALPHA).write_bytes(b"id: \xe9\n")
    with pytest.raises(PrunariumError, match=r"alpha\.yaml:1: is not UTF-8"):
        run(tree, release)


def test_what_becomes_unknown_is_gone_and_what_was_unknown_was_nothing() -> None:
    known, unknown = {"id": "a", "training": "training-free"}, {"id": "a", "training": "unknown"}
    assert [drop.field for drop in dropped(FILE, known, unknown)] == ["training"]
    assert dropped(FILE, unknown, {"id": "a"}) == []


def test_a_mention_of_another_line_and_title_is_another_mention() -> None:
    old = {"mentions": [{**LISTED, "venue": "v"}]}
    moved = {"mentions": [{**LISTED, "venue": "v", "line": 2}]}
    other = {"mentions": [{**LISTED, "venue": "v", "line": 2, "title": "another"}]}
    assert dropped(FILE, old, moved) == []
    assert [drop.field for drop in dropped(FILE, old, other)] == ["mentions[0]"]
