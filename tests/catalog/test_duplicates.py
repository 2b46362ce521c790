"""Records that may be the same paper: what is found, what is explained, and how the time grows."""

import json
import random
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from prunarium import paths
from prunarium.catalog import load
from prunarium.catalog.duplicates import explain, read_distinct, suspected
from prunarium.catalog.validate import validate
from prunarium.cli import app
from prunarium.records import Paper

ALPHA, BETA = "catalog/papers/alpha.yaml", "catalog/papers/beta.yaml"
DISTINCT = "# yaml-language-server: $schema=schemas/distinct.schema.json\npairs:\n"


def paper(paper_id: str, title: str, **fields: object) -> Paper:
    return Paper.model_validate({"id": paper_id, "title": title, "year": 2023, "kind": "method", **fields})


def pairs(papers: Iterable[Paper]) -> dict[tuple[str, str], list[str]]:
    return {one.papers: one.reasons for one in suspected(papers)}


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ({"arxiv": "2301.01230"}, {"arxiv": "2301.01230"}, "same arXiv id 2301.01230"),
        ({"arxiv": "2301.01230"}, {"doi": "10.48550/arXiv.2301.01230"}, "same arXiv id 2301.01230"),
        ({"doi": "10.1234/ABC"}, {"doi": "10.1234/abc"}, "same DOI 10.1234/abc"),
        ({"openreview": "aB_c-9"}, {"openreview": "aB_c-9"}, "same OpenReview id aB_c-9"),
        ({"acl": "P19-1001"}, {"acl": "P19-1001"}, "same ACL id p19-1001"),
        ({"acl": "2023.acl-long.7"}, {"doi": "10.18653/v1/2023.acl-long.7"}, "same ACL id 2023.acl-long.7"),
    ],
)
def test_a_shared_identifier_is_certain(one: dict[str, str], other: dict[str, str], reason: str) -> None:
    (found,) = suspected([paper("a", "Counting Sheep", identifiers=one), paper("b", "Red Bricks", identifiers=other)])
    assert (found.papers, found.certain, found.score) == (("a", "b"), True, 100)
    assert reason in found.reasons


def test_openreview_ids_that_differ_in_case_are_two() -> None:
    ids = [{"openreview": "aB"}, {"openreview": "Ab"}]
    assert suspected([paper("a", "Sheep", identifiers=ids[0]), paper("b", "Bricks", identifiers=ids[1])]) == []


MENTION = {"list": "l", "line": 1}


@pytest.mark.parametrize(
    "fields",
    [
        {"other_titles": ["Counting  SHEEP: at night"]},
        {"mentions": [{**MENTION, "title": "Counting sheep (at Night)"}]},
    ],
)
def test_every_title_of_a_record_counts(fields: dict[str, object]) -> None:
    assert (
        pairs([paper("a", "Counting Sheep at Night"), paper("b", "Red Bricks", **fields)])["a", "b"][0] == "same title"
    )


@pytest.mark.parametrize(
    ("title", "fields", "found"),
    [
        pytest.param("Learning to Forget Half of the Pictures", {}, True, id="one word changed"),
        pytest.param("Learning to Forgt Half of the Picture", {}, True, id="a letter lost"),
        pytest.param("AlphaNet: Learning to Forget Half of the Picture", {}, True, id="an acronym added"),
        pytest.param("Half of the Picture: Learning to Forget", {}, True, id="another order"),
        pytest.param("Learning to Forget the Picture", {"authors": ["J. Doe", "Roe, Richard"]}, True, id="same ones"),
        pytest.param("Learning to Forget the Picture", {"authors": ["Max Muster"]}, False, id="other authors"),
        pytest.param("Learning to Forget the Picture", {"year": 2031}, False, id="other years"),
        pytest.param("Red Bricks", {"authors": ["Jane Doe", "Richard Roe"]}, False, id="only the authors"),
    ],
)  # fmt: skip
def test_titles_authors_and_years_weigh_together(title: str, fields: dict[str, object], found: bool) -> None:
    known = paper("a", "Learning to Forget Half of the Picture", authors=["Jane Doe", "Richard Roe"])
    assert (("a", "b") in pairs([known, paper("b", title, **fields)])) == found


def test_two_methods_of_one_name_are_shown() -> None:
    named = [paper("a", "PPT: Some Words", name="PPT"), paper("b", "PPT: All of Other Kinds", name="Ppt")]
    assert pairs(named)["a", "b"][0] == "same name"


WORDS = st.text("abcdefghijklmnopqrstuvwxyzéüß", min_size=2, max_size=9)
TITLES = st.lists(WORDS, min_size=1, max_size=10).map(" ".join)
MARKS = [" ", ": ", " - ", "  ", "! ", "\u00a0", " / ", "' "]


@given(title=TITLES, others=st.lists(TITLES, max_size=6), draw=st.randoms(use_true_random=False))
def test_case_and_punctuation_never_hide_a_duplicate(title: str, others: list[str], draw: random.Random) -> None:
    words = [draw.choice([str.upper, str.title, str.lower, str.swapcase])(word) for word in title.split()]
    written = "".join(word + draw.choice(MARKS) for word in words).strip() + draw.choice(["", ".", "?"])
    papers = [paper(f"p-{number}", other) for number, other in enumerate(others)]
    found = pairs([*papers, paper("first", title), paper("second", written)])
    assert found["first", "second"][0] == "same title"


@given(st.integers(0, 10_000))
def test_unrelated_papers_are_never_suspected(seed: int) -> None:
    draw = random.Random(seed)
    alphabets = ("bcdfgaei", "klmnpouy", "rstvwzöä")
    papers = [
        paper(letters[:2], " ".join("".join(draw.choices(letters, k=6)) for _ in range(6))) for letters in alphabets
    ]
    assert suspected(papers) == []


@given(st.integers(0, 10_000))
def test_one_papers_pairs_are_those_of_the_whole(seed: int) -> None:
    draw = random.Random(seed)
    words = ["token", "pruning", "merging", "vision", "fast", "sparse", "prompt", "cache", "layer", "head", "video"]
    papers = [paper(f"p-{number}", " ".join(draw.choices(words, k=5))) for number in range(30)]
    whole = [one for one in suspected(papers) if "p-7" in one.papers]
    assert suspected(papers, only="p-7") == whole


def made_up(count: int) -> list[Paper]:
    """Papers of one field: few words stand in most titles, and names recur."""
    draw = random.Random(count)
    words = ["".join(draw.choices("bcdfglmnprstv", k=3)) + draw.choice("aeiou") + str(n) for n in range(2000)]
    weights = [1 / (rank + 3) for rank in range(len(words))]
    return [
        paper(
            f"p-{number}",
            " ".join(draw.choices(words, weights, k=draw.randint(4, 11))),
            authors=[f"{draw.choice(words)} {draw.choice(words[:300])}" for _ in range(4)],
            year=2017 + number % 9,
        )
        for number in range(count)
    ]  # fmt: skip


def seconds_per_record(papers: list[Paper]) -> float:
    start = time.process_time()
    suspected(papers)
    return (time.process_time() - start) / len(papers)


@pytest.mark.parametrize("title", ["Token Prunings", "Tokens Pruning"])
def test_short_titles_of_frequent_words_are_compared(title: str) -> None:
    crowd = [paper(f"p-{number}", f"Token {number:x} Pruning") for number in range(1000, 1100)]
    found = pairs([paper("first", "Token Pruning"), *crowd, paper("second", title)])
    assert ("first", "second") in found


def test_another_order_of_frequent_words_is_found_by_its_first_author() -> None:
    titles = ["Token {:x} Pruning Vision", "Vision Pruning {:x} Token"]
    crowd = [paper(f"p-{number}", titles[number % 2].format(number)) for number in range(1000, 1100)]
    first = paper("first", "Token Vision Pruning in Sight", authors=["Ada Example"])
    second = paper("second", "Sights of Pruning Vision for Token", authors=["A. Example", "Bo Sample"], year=2024)
    assert ("first", "second") in pairs([first, *crowd, second])


@pytest.mark.slow
def test_ten_times_the_papers_take_little_longer_each() -> None:
    small, large = made_up(2_000), made_up(20_000)
    assert seconds_per_record(large) < 4 * min(seconds_per_record(small) for _ in range(3))


@pytest.mark.slow
def test_a_changed_title_is_found_among_many() -> None:
    papers = made_up(4_000)
    draw = random.Random(0)
    changed = {}
    for original in draw.sample([one for one in papers if len(one.title.split()) >= 6], 100):
        words = original.title.split()
        del words[draw.randrange(len(words))]
        copy = original.model_copy(update={"id": f"copy-{original.id}", "title": " ".join(words)})
        changed[copy.id, original.id] = copy
    assert pairs([*papers, *changed.values()]).keys() == changed.keys()


def explanations(papers: list[Paper], distinct: dict[tuple[str, str], str] | None = None) -> list[str | None]:
    found = suspected(papers)
    explain(found, {one.id: one for one in papers}, distinct or {})
    return [one.explained for one in found]


def test_a_pair_is_explained_by_the_list_or_by_the_records() -> None:
    one, other = paper("a", "Sheep"), paper("b", "Sheep")
    assert explanations([one, other]) == [None]
    assert explanations([one, other], {("a", "b"): "a flock and a song"}) == ["a flock and a song"]
    for field in ("duplicate_of", "superseded_by"):
        pointing = other.model_copy(update={field: "a"})
        assert explanations([one, pointing]) == ["duplicate_of or superseded_by says so"]
        third = paper("c", "Sheep", **{field: "a"})
        assert None not in explanations([one, pointing, third])


def test_the_projects_own_pairs_are_all_explained() -> None:
    catalogue = load()
    found, distinct = suspected(catalogue), read_distinct(paths.root())
    explain(found, catalogue.papers_by_id, distinct)
    assert [one.papers for one in found if one.explained is None] == []
    assert distinct.keys() <= {one.papers for one in found}, "a pair that nobody would take for one needs no reason"


def run(tree: Path, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["duplicates", "--root", str(tree), *arguments], catch_exceptions=False)
    return done.exit_code, done.output


def test_the_command_fails_until_every_pair_is_explained(tree: Path) -> None:
    assert run(tree) == (0, "0 unexplained pairs, 0 explained\n")
    beta = tree / BETA
    beta.write_text(beta.read_text().replace("Reading Every Other Word", "'ALPHA - forgetting half of the picture'"))
    code, shown = run(tree)
    assert code == 1
    assert "  100  alpha beta  same title, 0 of 1 authors shared, 1 year apart" in shown
    assert shown.endswith("1 unexplained pair, 0 explained\n")
    (tree / "catalog" / "distinct.yaml").write_text(f"{DISTINCT}  - papers: [beta, alpha]\n    reason: Only a test.\n")
    assert run(tree) == (0, "0 unexplained pairs, 1 explained\n")
    assert "Only a test." in run(tree, "--all")[1]
    data = json.loads(run(tree, "--all", "--json")[1])
    assert (data["unexplained"], data["pairs"][0]["explained"]) == (0, "Only a test.")
    assert validate(tree) == []


@pytest.mark.parametrize(
    ("first", "more", "expected"),
    [
        ("alpha, alfa", "", "3: pairs[0].papers[1]: there is no paper 'alfa' (did you mean 'alpha'?)"),
        ("beta, beta", "", "3: pairs[0]: papers names 'beta' twice; name two papers"),
        ("alpha", "", "3: pairs[0].papers: has too few values"),
        (
            "alpha, beta",
            "  - papers: [beta, alpha]\n    reason: r\n",
            "5: pairs[1]: beta and alpha stand here a second",
        ),
        ("alpha, beta", "  - papers: [alpha, beta]\n", "5: pairs[1].reason: is missing; add it"),
    ],
)
def test_a_faulty_list_of_distinct_papers_is_reported(tree: Path, first: str, more: str, expected: str) -> None:
    text = f"{DISTINCT}  - papers: [{first}]\n    reason: r\n{more}"
    (tree / "catalog" / "distinct.yaml").write_text(text)
    (fault,) = validate(tree)
    assert fault.startswith(f"catalog/distinct.yaml:{expected}")
