"""The check of a whole tree: every fault in one pass, in the words that a curator can act on."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from prunarium import paths
from prunarium.catalog.schemas import write_schemas
from prunarium.catalog.validate import validate

Change = Callable[[str, str, str], None]
ALPHA, BETA = "catalog/papers/alpha.yaml", "catalog/papers/beta.yaml"


def test_a_valid_tree_has_no_faults(tree: Path) -> None:
    assert validate(tree) == []


def test_the_projects_own_papers_have_no_faults() -> None:
    assert [fault for fault in validate(paths.root()) if fault.startswith("catalog/")] == []


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        pytest.param(
            ALPHA,
            "id: icxl\n  year",
            "id: icxxl\n  year",
            f"{ALPHA}:10: venue.id: there is no venue 'icxxl' (did you mean 'icxl'?); correct it or add that one",
            id="unknown venue",
        ),
        pytest.param(
            ALPHA,
            "  - vision",
            "  - visions",
            f"{ALPHA}:15: modalities[0]: there is no modality 'visions' (did you mean 'vision'?); "
            "correct it or add that one",
            id="unknown modality",
        ),
        pytest.param(
            ALPHA,
            "  - token-pruning",
            "  - tokens",
            f"{ALPHA}:17: categories[0]: there is no category 'tokens' (did you mean 'token-pruning'?); "
            "correct it or add that one",
            id="unknown category",
        ),
        pytest.param(
            ALPHA,
            "kind: method",
            "kind: methods",
            f"{ALPHA}:13: kind: there is no kind 'methods' (did you mean 'method'?); correct it or add that one",
            id="unknown kind",
        ),
        pytest.param(
            ALPHA,
            "training-free",
            "free",
            f"{ALPHA}:18: training: there is no training value 'free'; correct it or add that one",
            id="unknown training value",
        ),
        pytest.param(
            ALPHA,
            "list: pruning-list",
            "list: prunning-list",
            f"{ALPHA}:27: mentions[0].list: there is no list 'prunning-list' (did you mean 'pruning-list'?); "
            "correct it or add that one",
            id="unknown list",
        ),
        pytest.param(
            ALPHA,
            "status: published",
            "status: preprint",
            f"{ALPHA}:12: venue.status: is 'preprint', but 'icxl' is no preprint server; correct one",
            id="preprint at a conference",
        ),
        pytest.param(
            BETA,
            "kind: method",
            "kind: method\nsuperseded_by: alfa",
            f"{BETA}:8: superseded_by: there is no paper 'alfa' (did you mean 'alpha'?); correct it or add that one",
            id="unknown successor",
        ),
        pytest.param(
            BETA,
            "kind: method",
            "kind: method\nduplicate_of: gamma",
            f"{BETA}:8: duplicate_of: there is no paper 'gamma'; correct it or add that one",
            id="unknown original",
        ),
        pytest.param(
            BETA,
            "kind: method",
            "kind: method\nsources:\n  author: a page",
            f"{BETA}:9: sources.author: there is no field 'author' (did you mean 'authors'?); "
            "correct it or add that one",
            id="source of an unknown field",
        ),
        pytest.param(
            BETA,
            "kind: method",
            'kind: method\nidentifiers:\n  arxiv: "2301.01230"',
            f"{BETA}:9: identifiers.arxiv: '2301.01230' is also that of {ALPHA}; correct one, or make them one record",
            id="duplicate arXiv id",
        ),
        pytest.param(
            BETA,
            "kind: method",
            "kind: method\nidentifiers:\n  doi: 10.1234/ALPHA",
            f"{BETA}:9: identifiers.doi: '10.1234/alpha' is also that of {ALPHA}; correct one, or make them one record",
            id="duplicate DOI in capitals",
        ),
        pytest.param(
            BETA,
            "# yaml-language-server: $schema=../schemas/paper.schema.json\n",
            "",
            f"{BETA}:1: the first line does not name the schema; make it "
            "'# yaml-language-server: $schema=../schemas/paper.schema.json'",
            id="no schema on the first line",
        ),
        pytest.param(
            "catalog/taxonomy.yaml",
            "- alpha",
            "- omega",
            "catalog/taxonomy.yaml:8: modalities[0].examples[0]: there is no paper 'omega'; correct it or add that one",
            id="unknown example",
        ),
        pytest.param(
            "catalog/venues.yaml",
            "id: icxl",
            "id: arxiv",
            "catalog/venues.yaml:7: venues[1].id: 'arxiv' stands here a second time; ids are unique",
            id="venue twice",
        ),
        pytest.param(
            "methods/alpha/card.yaml",
            "paper: alpha",
            "paper: alpa",
            "methods/alpha/card.yaml:5: paper: there is no paper 'alpa' (did you mean 'alpha'?); "
            "correct it or add that one",
            id="card of a paper that does not exist",
        ),
        pytest.param(
            "methods/alpha/card.yaml",
            "id: alpha",
            "id: beta",
            "methods/alpha/card.yaml:2: id: is 'beta', but the folder is 'alpha'; give both the same name",
            id="card of another folder",
        ),
        pytest.param(
            "methods/alpha/card.yaml",
            "families: [vit]",
            "families: [vitt]",
            "methods/alpha/card.yaml:6: families[0]: is 'vitt', which is not a choice (did you mean 'vit'?); "
            "choose vit or vlm or encoder or decoder or prompt",
            id="unknown family",
        ),
        pytest.param(
            "methods/alpha/card.yaml",
            "parity: none",
            "parity: official",
            "methods/alpha/card.yaml:1: parity is 'official' but 'official' (repository, commit, licence) is missing; "
            "add it",
            id="parity without its proof",
        ),
    ],
)
def test_one_fault(tree: Path, change: Change, file: str, old: str, new: str, expected: str) -> None:
    change(file, old, new)
    found = validate(tree)
    if file == "catalog/venues.yaml":
        found = [fault for fault in found if fault.startswith(file)]  # the papers of the lost venue have faults too
    assert found == [expected]


def test_an_id_that_is_not_the_file_name_is_reported_and_so_is_its_double(tree: Path, change: Change) -> None:
    change(BETA, "id: beta", "id: alpha")
    assert validate(tree) == [
        f"{BETA}:2: id: 'alpha' is also that of {ALPHA}; correct one, or make them one record",
        f"{BETA}:2: id: is 'alpha', but the file is 'beta.yaml'; give both the same name",
    ]


def test_broken_scores_are_reported_with_their_lines(tree: Path) -> None:
    measured = tree / "methods" / "alpha" / "measured" / "one.json"
    measured.parent.mkdir()
    measured.write_text('{\n  "method": "alpha"\n')
    reported = tree / "methods" / "alpha" / "reported.yaml"
    reported.write_text("# yaml-language-server: $schema=../../catalog/schemas/reported.schema.json\nscores: 3\n")
    assert validate(tree) == [
        "methods/alpha/measured/one.json:3: is not JSON (Expecting ',' delimiter, column 1); correct it",
        "methods/alpha/reported.yaml:2: scores: is 3; write a list: each value on a line of its own, after '- '",
    ]


def test_a_method_without_a_card_is_a_fault(tree: Path) -> None:
    (tree / "methods" / "omega").mkdir()
    (tree / "methods" / "omega" / "method.py").write_text("")
    assert validate(tree) == ["methods/omega/card.yaml:1: is missing; every method has a card"]


def test_a_missing_vocabulary_is_one_fault_and_not_one_per_paper(tree: Path) -> None:
    (tree / "catalog" / "taxonomy.yaml").unlink()
    expected = "catalog/taxonomy.yaml:1: cannot be read (No such file or directory); check the path"
    assert validate(tree) == [expected]


def break_in_many_ways(tree: Path, change: Change) -> list[str]:
    """Break the tree, and give the faults that this makes."""
    change(ALPHA, '"2301.01230"', "2301.01230")
    change(ALPHA, "name: Alpha", "nam: Alpha")
    change(BETA, "title: Reading", "title: <i>Reading</i>")
    change(BETA, "notes:", "links:\n  pdf:\n    - javascript:alert(1)\nnotes:")
    change("methods/alpha/card.yaml", "paper: alpha", "paper: omega")
    (tree / "catalog" / "papers" / "latin.yaml").write_bytes(b"id: latin\ntitle: S\xe9ance\n")
    (tree / "catalog" / "papers" / "twice.yaml").write_text(
        "# yaml-language-server: $schema=../schemas/paper.schema.json\nid: twice\nid: twice\n"
    )
    (tree / "catalog" / "papers" / "corrupt.yaml").write_text(
        "# yaml-language-server: $schema=../schemas/paper.schema.json\nid: corrupt\n  title: [\n"
    )
    papers = "catalog/papers"
    return [
        f"{papers}/alpha.yaml:4: nam: is not a known field (did you mean 'name'?); correct its name or remove it",
        f"{papers}/alpha.yaml:20: identifiers.arxiv: is a number to YAML (2301.0123): identifiers are strings, "
        "put it in quotes",
        f"{papers}/beta.yaml:3: title: holds HTML markup; write plain text (with a space after a '<' that means "
        "less than)",
        f"{papers}/beta.yaml:12: links.pdf[0]: is not a web address; it must begin with https:// or http://",
        f"{papers}/corrupt.yaml:3: is not YAML (mapping values are not allowed in this context); correct the line, "
        "or put the value in quotes",
        f"{papers}/latin.yaml:2: is not UTF-8 (byte 0xe9); save the file in UTF-8",
        f"{papers}/twice.yaml:3: id: stands here a second time; keep one of the two",
        "methods/alpha/card.yaml:5: paper: there is no paper 'omega'; correct it or add that one",
    ]


def test_all_faults_come_in_one_pass(tree: Path, change: Change) -> None:
    expected = break_in_many_ways(tree, change)
    assert validate(tree) == expected


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    program = "from prunarium.cli import main; main()"
    return subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)


def test_the_command_on_a_broken_tree(tree: Path, change: Change) -> None:
    expected = break_in_many_ways(tree, change)
    done = run("validate", "--root", str(tree))
    assert done.stdout.splitlines() == [*expected, f"{len(expected)} faults, 5 papers"]
    assert (done.returncode, done.stderr) == (1, "")


def test_the_command_on_a_copy_of_the_projects_catalogue(tmp_path: Path) -> None:
    shutil.copytree(paths.root() / "catalog", tmp_path / "catalog")
    write_schemas(tmp_path)
    done = run("validate", "--root", str(tmp_path))
    assert done.stdout == f"0 faults, {len(list((tmp_path / 'catalog' / 'papers').iterdir()))} papers\n"
    assert done.returncode == 0
    path = tmp_path / "catalog" / "papers" / "tome.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace('"2210.09461"', "2210.09461"), encoding="utf-8")
    done = run("validate", "--root", str(tmp_path))
    assert "identifiers.arxiv: is a number to YAML (2210.09461)" in done.stdout
    assert done.returncode == 1


def test_a_fault_in_one_field_hides_none_in_another(tree: Path, change: Change) -> None:
    """An unknown key and an unknown kind in one file: both are named in the same pass."""
    change(ALPHA, "kind: method", "kind: metod\ncolour: blue")
    faults = validate(tree)
    assert len(faults) == 2
    assert "there is no kind 'metod' (did you mean 'method'?)" in faults[0]
    assert "colour: is not a known field" in faults[1]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("identifiers.arxvi", "there is no field 'identifiers.arxvi' (did you mean 'identifiers.arxiv'?)"),
        ("links.project", "is the source of 'links.project', which is empty"),
        ("venue.track", "is the source of 'venue.track', which is empty"),
    ],
)
def test_a_source_is_that_of_a_filled_field(tree: Path, change: Change, source: str, expected: str) -> None:
    change("catalog/papers/alpha.yaml", "mentions:\n", f"sources:\n  title: a page\n  {source}: a page\nmentions:\n")
    (fault,) = validate(tree)
    assert expected in fault
