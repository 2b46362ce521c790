"""What an import may add to a record that somebody has curated, and what it must say of it."""

from pathlib import Path

import pytest

from prunarium.catalog import load
from prunarium.catalog.importers.importing import Import, import_list, write
from prunarium.catalog.validate import validate
from prunarium.errors import PrunariumError
from tests.catalog.conftest import Change

ALPHA = "* [ICXL 2023] Alpha: Forgetting Half of the Picture [[P](https://arxiv.org/abs/2301.01230)]"


def brought(tree: Path, line: str, list_id: str = "tagged-list") -> Import:
    catalogue = load(tree)
    result = import_list(catalogue, line, list_id)
    write(result, catalogue, tree)
    return result


def test_what_an_identifier_joins_is_filled_said_and_sourced(tree: Path, change: Change) -> None:
    change("catalog/papers/alpha.yaml", "  doi: 10.1234/alpha\n", "")
    line = f"{ALPHA}[[DOI](https://doi.org/10.1234/alpha)][[Project](https://alpha.example/)]"
    result = brought(tree, line)
    assert result.joined[0].fills == ("identifiers.doi 10.1234/alpha", "links.project https://alpha.example/")
    alpha = load(tree).paper("alpha")
    assert alpha.identifiers.doi == "10.1234/alpha"
    assert alpha.sources == {
        "identifiers.doi": "list tagged-list, line 1",
        "links.project": "list tagged-list, line 1",
    }
    assert validate(tree) == []


def test_a_title_alone_brings_no_identifier(tree: Path) -> None:
    before = (tree / "catalog/papers/beta.yaml").read_text(encoding="utf-8")
    result = brought(tree, "* [ICXL 2022] Reading Every Other Word [[Paper](https://doi.org/10.9999/wrong)]")
    assert result.conflicts == ["line 1: gives doi 10.9999/wrong, which 'beta' lacks; add it if it is right"]
    after = (tree / "catalog/papers/beta.yaml").read_text(encoding="utf-8")
    assert load(tree).paper("beta").identifiers.doi is None
    assert set(before.splitlines()) <= set(after.splitlines())


def test_another_identifier_than_the_records_is_a_conflict(tree: Path) -> None:
    conflicts = brought(tree, f"{ALPHA}[[D](https://doi.org/10.1234/other)]").conflicts
    assert conflicts == ["line 1: gives doi 10.1234/other; 'alpha' has 10.1234/alpha"]


def test_the_title_of_a_paper_with_another_identifier_is_a_conflict(tree: Path) -> None:
    result = brought(tree, ALPHA.replace("2301.01230", "2301.09999"))
    assert list(result.new) == ["alpha-2023"]
    assert result.conflicts == ["line 1: has the title of 'alpha', but another arXiv id or DOI; check them"]


def test_a_line_that_has_changed_since_is_a_conflict(tree: Path) -> None:
    brought(tree, ALPHA)
    changed = ALPHA.replace("ICXL 2023", "ICXL 2022") + "[[Code](https://github.com/example/alpha2)]"
    before = (tree / "catalog/papers/alpha.yaml").read_bytes()
    links = "https://arxiv.org/abs/2301.01230"
    assert brought(tree, changed).conflicts == [
        "line 1: the list has changed: year is 2022, and was 2023 when 'alpha' got this mention; "
        "correct the record by hand",
        f"line 1: the list has changed: links is {links} https://github.com/example/alpha2, and was {links} "
        "when 'alpha' got this mention; correct the record by hand",
    ]
    assert (tree / "catalog/papers/alpha.yaml").read_bytes() == before


def test_a_former_id_is_not_given_out(tree: Path, change: Change) -> None:
    change("catalog/papers/alpha.yaml", "name: Alpha\n", "name: Alpha\naliases:\n  - oldname\n")
    assert list(brought(tree, "* [ICXL 2023] OLDNAME: New [[P](https://a.example/p)]").new) == ["oldname-2023"]
    assert validate(tree) == []


def test_what_a_curator_wrote_in_another_form_is_not_added_again(tree: Path, change: Change) -> None:
    change("catalog/papers/alpha.yaml", "official: true", "official: null")
    change("catalog/papers/alpha.yaml", "mentions:\n", "notes:\n  - |\n    A note in a block.\nmentions:\n")
    brought(tree, ALPHA)
    alpha = load(tree).paper("alpha")
    assert (len(alpha.notes), len(alpha.links.code), len(alpha.mentions)) == (1, 1, 2)


def test_a_record_in_a_file_of_another_name_is_an_error(tree: Path) -> None:
    (tree / "catalog/papers/alpha.yaml").rename(tree / "catalog/papers/zzz.yaml")
    with pytest.raises(PrunariumError, match=r"catalog/papers/alpha.yaml:1: cannot be read"):
        brought(tree, ALPHA)


@pytest.mark.parametrize(
    ("list_id", "text", "lost"),
    [
        ("reference-list", "Token Merging: https://arxiv.org/abs/2210.09461", "2210.09461"),
        ("tagged-list", "## [Alpha](https://arxiv.org/abs/2301.01230)", "2301.01230"),
        ("tagged-list", '- <a href="https://a.example/x">x</a> [[P](https://a.example/p)]', "https://a.example/x"),
        (
            "table-list",
            "|Title|Paper|Code|Code|Note|\n|-|-|-|-|-|\n|Real Title|[link](https://a.example/p)|"
            "[c](https://a.example/1)|[c](https://a.example/2)|was rejected|",
            "was rejected",
        ),
    ],
)
def test_nothing_of_a_list_is_dropped_in_silence(tree: Path, list_id: str, text: str, lost: str) -> None:
    assert lost in " ".join(part.text for part in import_list(load(tree), text, list_id).unread)


def test_the_first_column_of_a_role_counts(tree: Path) -> None:
    text = "|Title|Paper|Year|\n|-|-|-|\n|Real Title|[link](https://a.example/p)|2024|"
    (paper,) = import_list(load(tree), text, "table-list").changed.values()
    assert (paper.title, paper.mentions[0].links) == ("Real Title", ["https://a.example/p"])
