"""The importer of references in free text. All references here are made up, with the quirks of real ones."""

from pathlib import Path

import pytest

from prunarium.catalog import load
from prunarium.catalog.importers import READERS
from prunarium.catalog.importers.addresses import Address
from prunarium.catalog.importers.importing import import_list, write
from prunarium.catalog.importers.names import is_name
from prunarium.catalog.importers.reference_text import Reference, parts
from prunarium.catalog.validate import validate

read = READERS["references"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Ada Example, José Ñandú, 3 May 2024, Alpha: Forgetting Half of the Picture, ",
            Reference("Alpha: Forgetting Half of the Picture", "Ada Example, José Ñandú", "", 2024),
        ),
        (
            "Bo Sample and Cy de Vries. Reading every other word. arXiv preprint arXiv:2301.01230, 2023, ",
            Reference("Reading every other word", "Bo Sample, Cy de Vries", "arXiv preprint", 2023),
        ),
        (
            "Bo Sample, Cy de Vries, and Di K Bee, Beta: A study, In 2021 IEEE Symposium on Examples (SE), pages 9–11. "
            "IEEE, 2021, ",
            Reference("Beta: A study", "Bo Sample, Cy de Vries, Di K Bee", "IEEE Symposium on Examples (SE)", 2021),
        ),
        (
            "Gamma Pruning for Small Transformer Inference, Ada Example, Bo Sample, Oct 2022, ",
            Reference("Gamma Pruning for Small Transformer Inference", "Ada Example, Bo Sample", "", 2022),
        ),
        (
            "Delta: Sparse Vision through Token Pruning Ada Example, Bo Sample, Cy Case Oct 2022, ",
            Reference("Delta: Sparse Vision through Token Pruning", "Ada Example, Bo Sample, Cy Case", "", 2022),
        ),
        (
            "Sample, B.; Case, C.; and Example, A. 2018. Reading: Jumps. In International Conference on Words, ",
            Reference("Reading: Jumps", "Sample, B., Case, C., Example, A", "International Conference on Words", 2018),
        ),
        (
            "A. Example, B. Sample, “Epsilon: A title, with a comma,” arXiv preprint arXiv:2301.01230, 2023. ",
            Reference("Epsilon: A title, with a comma", "A. Example, B. Sample", "arXiv preprint", 2023),
        ),
        (
            "A Example, B Sample, arXiv preprint arXiv:2310.08152, A Title after its Venue, Oct 2023, ",
            Reference("A Title after its Venue", "A Example, B Sample", "arXiv preprint", 2023),
        ),
        (
            "Ada Example, Bo Sample, 2023, Cy Case, Di Bee,Zeta: Names and a Year, Findings of the ACL: 2023, ",
            Reference("Zeta: Names and a Year", "Ada Example, Bo Sample, Cy Case, Di Bee", "Findings of the ACL", 2023),
        ),
        (
            "Ada Example, March 17-22, 2024 , Eta: A Range of Days, PDF: ",
            Reference("Eta: A Range of Days", "Ada Example", "", 2024),
        ),
        (
            "Ada Example, June 2022, Do Tokens Matter? Yes, They Do, https",
            Reference("Do Tokens Matter?", "Ada Example", "", 2022),
        ),
        (
            "Example, Ada, Aug 2024, Making models small : a study, Ph.D. Thesis, Example University, Town, ",
            Reference("Making models small : a study", "Example, Ada", "Ph.D. Thesis, Example University, Town", 2024),
        ),
        (
            "Theta for WNMT 2018: 800 words a second. In Proc. of WNG, ",
            Reference("Theta for WNMT 2018: 800 words a second", "", "Proc. of WNG", 2018),
        ),
        ("2023", Reference("", "", "", 2023)),
        ("", Reference()),
    ],
)
def test_the_parts_of_a_reference(text: str, expected: Reference) -> None:
    assert parts(text) == expected


@pytest.mark.parametrize(
    "name", ["Ada Example", "J. S. Bee", "KQ Zhu", "Ludwig van Beethoven", "Xingting Yao1", "S.-Q. Chen"]
)
def test_names(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize(
    "words",
    ["Adaptive Point Transformer", "Mixture-of-Depths", "Token merging", "Alpha: Beta", "16x16 Words", "a word", ""],
)
def test_words_that_are_no_names(words: str) -> None:
    assert not is_name(words)


LIST = """\
Somebody's Page
Pruning of Tokens
Pruning of tokens is a subject that this page writes about at length, and no paper is named in it.
- Kept for later
- Ada Example, 3 May 2024, Epsilon: Small Steps, https://arxiv.org/abs//2402.02400 Code: https://epsilon.github.io/ (Their remark.)
- Ada Example, José Ñandú, 2023, Alpha: forgetting half of the picture, DOI: 10.1234/ALPHA, https://x.example/doc(1), PDF: https://x.example/a.pdf.
- Bo Sample, 2022, Reading Every Other Word, https://ieee.example/1">URL https://ieee.example/1
- Bo Sample, 2022, https://x.example/nothing
More of It
- Cy Case, 2021, Kappa: Once More, https://github.com/c/kappa.git, javascript:alert(1)
"""  # noqa: E501


def test_sections_links_and_identifiers_of_a_list() -> None:
    epsilon, alpha, word, kappa = read(LIST, "reference-list").proposals
    assert epsilon.addresses == (Address("arxiv", "2402.02400"), Address("project", "https://epsilon.github.io/"))
    assert (epsilon.mention.section, epsilon.mention.line) == ("Pruning of Tokens", 5)
    assert alpha.first("doi") == "10.1234/alpha"
    assert alpha.mention.links == ["https://x.example/doc(1)", "https://x.example/a.pdf"]
    assert word.mention.links == ["https://ieee.example/1"]
    assert (kappa.mention.section, kappa.all("code")) == ("More of It", ["https://github.com/c/kappa"])


def test_what_is_left_of_a_list_comes_with_its_reason() -> None:
    unread = [(part.line, part.reason.partition(";")[0]) for part in read(LIST, "reference-list").unread]
    assert unread == [
        (3, "is no bullet that names a paper"),
        (4, "names no link"),
        (5, "follows the links"),
        (8, "gives no title that can be told from the rest"),
        (10, "is no web address"),
    ]


def test_a_list_of_references_joins_the_catalogue_and_again_changes_nothing(tree: Path) -> None:
    catalogue = load(tree)
    result = import_list(catalogue, LIST, "reference-list")
    assert {one.paper_id: one.by for one in result.joined} == {"alpha": "DOI", "beta": "title"}
    assert set(result.new) == {"epsilon", "kappa"}
    write(result, catalogue, tree)
    assert validate(tree) == []
    before = {path: path.read_bytes() for path in tree.rglob("*.yaml")}
    again = import_list(load(tree), LIST, "reference-list")
    assert (again.changed, again.conflicts) == ({}, [])
    write(again, load(tree), tree)
    assert {path: path.read_bytes() for path in tree.rglob("*.yaml")} == before


def test_a_long_line_and_one_with_an_address_are_no_headings() -> None:
    text = "One two three four five six seven eight nine\nTokens: https://a.example/x\n- Cy Case, Kappa: One, https://a.example/k\n"
    found = read(text, "reference-list")
    assert (found.headings, found.proposals[0].mention.section) == (set(), None)
    assert [part.line for part in found.unread] == [1, 2]
