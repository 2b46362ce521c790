"""The importers: what a list proposes, what it cannot, and how it joins the catalogue. All lists here are made up."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from prunarium.catalog import load
from prunarium.catalog.importers import READERS, Proposal, ReadList
from prunarium.catalog.importers.addresses import Address, classify, clean_code
from prunarium.catalog.importers.importing import Import, import_list, write
from prunarium.catalog.importers.proposals import text_lines
from prunarium.catalog.importers.sections import clean_heading, section_and_year, venue_and_year
from prunarium.catalog.titles import acronym, same_title_key
from prunarium.catalog.validate import validate
from prunarium.errors import PrunariumError

LINKED = """\
# Papers on Forgetting

- [2023](#2023)
  - [ICXL](#icxl-2023)

# 2023


## ICXL-2023


- Alpha: Forgetting Half of the Picture [[paper](https://icxl.example/23/7)] \
[[arxiv](https://arxiv.org/abs/2301.01230)] [[paper with code](https://paperswithcode.com/paper/alpha)] [[code](https://github.com/example/alpha)]

- Gamma & Delta: Two Rates [[paper](https://icxl.example/23/8)] [[openreview](https://openreview.net/forum?id=aB_c-9)]

## ICXL-2022

- Reading every other word [[paper](https://icxl.example/22/1)]
- A paper without a link
- Broken links [[code](javascript:alert(1))] [[paper](mailto:a@example.org)]
- Only a comment after it [[paper](https://icxl.example/22/2)] (read this one first)
"""

TAGGED = """\
# Papers with Tags

Words that no paper is in.

## \uf8ffüåÅ Vision
#### 2024
* [arXiv 2024] Epsilon: Small Steps [[Paper](https://arxiv.org/pdf/2402.02400v3)][[Code](https://github.com/e/epsilon?tab=readme-ov-file)]
* [ICXL 2023] alpha: Forgetting half of the Picture [[Paper](https://icxl.example/a.pdf)][[Code](https://github.com/Example/Alpha)]
* [ICXL] https://github.com/example/other [[Paper](https://icxl.example/nine)]
* [arXiv 2024] Epsilon: Small Steps [[Paper](https://arxiv.org/abs/2402.02400.pdf)]

## \uf8ffüé¨ Vision-Language Model
#### 2023
* [ICXL 2023 Workshop] Zeta-VL: Looking Less [[Paper](https://doi.org/10.5555/ZETA.1)][[Code](https://github.com/z/zeta-vl/tree/main)]
* [ICXL 2023] Eta: Hearing Less [[Paper](https://aclanthology.org/2023.icxl-main.12.pdf)][[Code](https://github.com/z/zeta-vl)]
* [UNKN 2023] Theta: Knowing Less [[Paper](https://openreview.net/pdf?id=Th3t4)]
"""


def imported(tree: Path, text: str, list_id: str) -> Import:
    """Import a list and write what it brings."""
    catalogue = load(tree)
    result = import_list(catalogue, text, list_id)
    write(result, catalogue, tree)
    return result


def checksums(tree: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in tree.rglob("*.yaml")}


def test_linked_bullets_give_title_venue_year_section_line_and_links() -> None:
    found = READERS["linked-bullets"](LINKED, "pruning-list")
    alpha, gamma, reading, last = found.proposals
    mention = alpha.mention
    assert (mention.title, mention.venue, mention.year) == ("Alpha: Forgetting Half of the Picture", "ICXL", 2023)
    assert (mention.section, mention.line) == ("ICXL-2023", 12)
    assert len(mention.links) == 4
    assert alpha.addresses == (
        Address("paper", "https://icxl.example/23/7"),
        Address("arxiv", "2301.01230"),
        Address("other", "https://paperswithcode.com/paper/alpha"),
        Address("code", "https://github.com/example/alpha"),
    )
    assert gamma.mention.title == "Gamma & Delta: Two Rates"
    assert gamma.first("openreview") == "aB_c-9"
    assert (reading.mention.year, reading.mention.section) == (2022, "ICXL-2022")
    assert last.mention.title == "Only a comment after it"


def test_what_linked_bullets_cannot_read_comes_with_its_reason() -> None:
    found = READERS["linked-bullets"](LINKED, "pruning-list")
    assert [(unread.line, unread.reason.partition(";")[0]) for unread in found.unread] == [
        (3, "leads to a place in the list itself"),
        (4, "leads to a place in the list itself"),
        (19, "names no link"),
        (20, "is no link to a web address"),
        (20, "is no web address"),
        (21, "follows the links"),
    ]


def test_venue_bullets_give_sections_in_plain_words() -> None:
    found = READERS["venue-bullets"](TAGGED, "tagged-list")
    assert [(one.mention.section, one.mention.venue, one.mention.year) for one in found.proposals] == [
        ("Vision", "arXiv", 2024),
        ("Vision", "ICXL", 2023),
        ("Vision", "ICXL", 2024),
        ("Vision", "arXiv", 2024),
        ("Vision-Language Model", "ICXL Workshop", 2023),
        ("Vision-Language Model", "ICXL", 2023),
        ("Vision-Language Model", "UNKN", 2023),
    ]
    assert found.proposals[0].first("arxiv") == "2402.02400"
    assert found.proposals[0].first("code") == "https://github.com/e/epsilon"
    assert [(unread.line, unread.text) for unread in found.unread] == [(3, "Words that no paper is in.")]


def test_a_title_that_is_itself_the_link() -> None:
    found = READERS["linked-bullets"]("## ICXL 2023\n\n- [Alpha: A Title](https://icxl.example/1)\n", "pruning-list")
    assert [one.mention.title for one in found.proposals] == ["Alpha: A Title"]


def test_markup_in_a_title_is_not_kept_and_harmful_text_is_refused() -> None:
    text = "## ICXL 2023\n- A *very* `good` **title** [[paper](https://x.example/1)]\n- &lt;script&gt; [[paper](https://x.example/2)]\n"
    found = READERS["linked-bullets"](text, "pruning-list")
    assert [one.mention.title for one in found.proposals] == ["A very good title"]
    assert [(unread.line, unread.text) for unread in found.unread] == [(3, "<script>"), (3, "https://x.example/2")]
    assert "HTML" in found.unread[0].reason


def test_an_unknown_list_is_an_error_with_a_guess(tree: Path) -> None:
    with pytest.raises(PrunariumError, match=r"^there is no list 'pruning-lst' \(did you mean 'pruning-list'\?\)"):
        import_list(load(tree), "", "pruning-lst")


def test_an_import_joins_known_papers_and_adds_new_ones(tree: Path) -> None:
    result = imported(tree, TAGGED, "tagged-list")
    assert set(result.new) == {"epsilon", "2024-untitled", "zeta-vl", "eta", "theta"}
    assert [(one.paper_id, one.line, one.by, one.known) for one in result.joined] == [
        ("alpha", 8, "title", False),
        ("epsilon", 10, "arXiv id", False),
    ]
    assert validate(tree) == []
    catalogue = load(tree)
    assert len(catalogue) == 7
    epsilon = catalogue.paper("epsilon")
    assert epsilon.venue is not None
    assert (epsilon.venue.id, epsilon.venue.status) == ("arxiv", "preprint")
    assert [mention.line for mention in epsilon.mentions] == [7, 10]
    zeta = catalogue.paper("zeta-vl")
    assert zeta.venue is not None
    assert (zeta.venue.id, zeta.venue.track, zeta.identifiers.doi) == ("icxl", "workshop", "10.5555/zeta.1")
    assert catalogue.paper("eta").identifiers.acl == "2023.icxl-main.12"
    assert catalogue.paper("theta").identifiers.openreview == "Th3t4"


def test_an_import_says_what_a_person_should_look_at(tree: Path) -> None:
    assert imported(tree, TAGGED, "tagged-list").conflicts == [
        "line 9: gives the address https://github.com/example/other in place of a title; find the title",
        "line 15: the code link https://github.com/z/zeta-vl is left out, it seems to be that of line 14 "
        "(Zeta-VL: Looking Less)",
        "line 16: the venue 'UNKN' is not in venues.yaml; add it to both",
    ]


def test_a_copied_code_link_goes_to_the_paper_it_resembles(tree: Path) -> None:
    imported(tree, TAGGED, "tagged-list")
    catalogue = load(tree)
    assert [link.url for link in catalogue.paper("zeta-vl").links.code] == ["https://github.com/z/zeta-vl"]
    assert catalogue.paper("eta").links.code == []
    assert "https://github.com/z/zeta-vl" in catalogue.paper("eta").mentions[0].links


def test_importing_again_changes_no_byte(tree: Path) -> None:
    for text, list_id in ((LINKED, "pruning-list"), (TAGGED, "tagged-list")):
        imported(tree, text, list_id)
    before = checksums(tree)
    for text, list_id in ((LINKED, "pruning-list"), (TAGGED, "tagged-list")):
        result = imported(tree, text, list_id)
        assert (result.new, result.added_mentions, result.changed) == ({}, 0, {})
    assert checksums(tree) == before


def test_an_import_never_changes_what_is_there(tree: Path) -> None:
    path = tree / "catalog" / "papers" / "alpha.yaml"
    before = path.read_text(encoding="utf-8").splitlines()
    imported(tree, TAGGED, "tagged-list")
    after = path.read_text(encoding="utf-8").splitlines()
    rest = iter(after)
    assert all(line in rest for line in before)  # every line is still there, in the same order
    added = [line.strip() for line in after if line not in before]
    assert added == [
        "pdf:",
        "- https://icxl.example/a.pdf",
        "- list: tagged-list",
        "section: Vision",
        "line: 8",
        "title: 'alpha: Forgetting half of the Picture'",
        "links:",
        "- https://icxl.example/a.pdf",
        "- https://github.com/Example/Alpha",
        "sources:",
        "links.pdf: list tagged-list, line 8",
    ]


def test_a_list_that_has_moved_adds_no_second_mention(tree: Path) -> None:
    imported(tree, TAGGED, "tagged-list")
    before = checksums(tree)
    result = imported(tree, TAGGED.replace("Words that", "More\nwords that"), "tagged-list")
    assert result.added_mentions == 0
    assert "line 8: 'epsilon' has this mention at line 7; the list has moved" in result.conflicts
    assert checksums(tree) == before


@pytest.mark.parametrize(
    ("bullet", "conflict"),
    [
        (
            "* [ICXL 2022] Alpha: Forgetting Half of the Picture [[Paper](https://arxiv.org/abs/2301.01230)]",
            "line 1: lists icxl 2022; 'alpha' has icxl 2023",
        ),
        (
            "* [arXiv 2023] Alpha: Forgetting Everything [[Paper](https://arxiv.org/abs/2301.01230)]",
            "line 1: 'alpha' has another title: Alpha: Forgetting Half of the Picture",
        ),
        (
            "* [arXiv 2023] Reading Every Other Word [[Paper](https://arxiv.org/abs/2301.01230)]",
            "line 1: taken for 'alpha' by arXiv id, but it is also 'beta' by title",
        ),
        (
            "* [arXiv 2023] Iota: New [[Code](https://github.com/example/alpha)]",
            "line 1: the code link https://github.com/example/alpha is also that of 'alpha'; check it",
        ),
    ],
)
def test_conflicts_with_the_catalogue(tree: Path, bullet: str, conflict: str) -> None:
    assert conflict in import_list(load(tree), bullet, "tagged-list").conflicts


def test_the_same_title_under_another_arxiv_id_is_another_paper(tree: Path) -> None:
    bullet = "* [arXiv 2024] Alpha: Forgetting Half of the Picture [[Paper](https://arxiv.org/abs/2405.00001)]"
    assert list(import_list(load(tree), bullet, "tagged-list").new) == ["alpha-2024"]


def test_a_bullet_without_any_year_is_unread(tree: Path) -> None:
    result = import_list(load(tree), "* Kappa: No Date [[Paper](https://icxl.example/k)]", "tagged-list")
    assert result.new == {}
    assert [unread.reason for unread in result.unread] == [
        "gives no year, and no arXiv id to take one from; add the paper by hand"
    ]


@pytest.mark.parametrize(
    ("url", "label", "expected"),
    [
        ("https://arxiv.org/pdf/2402.02400v3", "Paper", Address("arxiv", "2402.02400")),
        ("http://www.arxiv.org/abs/2402.02400.pdf", "Paper", Address("arxiv", "2402.02400")),
        ("https://doi.org/10.48550/arXiv.2402.02400", "Paper", Address("arxiv", "2402.02400")),
        ("https://link.springer.com/chapter/10.1007/978-3-1_9", "Paper", Address("doi", "10.1007/978-3-1_9")),
        ("https://dl.acm.org/doi/pdf/10.1145/3.4", "PDF", Address("doi", "10.1145/3.4")),
        ("https://link.springer.com/article/10.1007/S1-2/fulltext.html", "Paper", Address("doi", "10.1007/s1-2")),
        ("https://link.springer.com/10.1007/s1-2/abstract/", "Paper", Address("doi", "10.1007/s1-2")),
        ("https://dl.acm.org/doi/10.1145/3.4/full", "Paper", Address("doi", "10.1145/3.4")),
        ("https://dl.acm.org/doi/10.1145/3.4/pdf", "Paper", Address("doi", "10.1145/3.4")),
        ("https://dl.acm.org/doi/10.1145/3.4/epdf", "Paper", Address("doi", "10.1145/3.4")),
        ("https://doi.org/10.1145/3.4/full", "Paper", Address("doi", "10.1145/3.4/full")),
        ("https://arxiv.org/abs/2299.99999", "Paper", Address("paper", "https://arxiv.org/abs/2299.99999")),
        ("https://arxiv.org/pdf/2402.0240", "Paper", Address("paper", "https://arxiv.org/pdf/2402.0240")),
        ("https://aclanthology.org/P19-1001/", "Paper", Address("acl", "P19-1001")),
        ("https://openreview.net/pdf?id=abc", "Paper", Address("openreview", "abc")),
        ("https://github.com/a/b/tree/main", "Code", Address("code", "https://github.com/a/b")),
        ("https://github.com/a/b/tree/main/c", "Paper", Address("code", "https://github.com/a/b/tree/main/c")),
        ("https://x.example/a.pdf", "Paper", Address("pdf", "https://x.example/a.pdf")),
        ("https://github.com/a/b", "Project", Address("project", "https://github.com/a/b")),
        ("https://a.github.io/b/", "Code", Address("project", "https://a.github.io/b/")),
        ("https://arxiv.org/abs//2402.02400", "Paper", Address("arxiv", "2402.02400")),
        ("https://x.example/a", "Project Page", Address("project", "https://x.example/a")),
        ("https://x.example/a", "Video", Address("other", "https://x.example/a")),
        ("https://arxiv.org/abs/cs/0601001", "arXiv", Address("other", "https://arxiv.org/abs/cs/0601001")),
    ],
)
def test_what_a_link_leads_to(url: str, label: str, expected: Address) -> None:
    assert classify(url, label) == expected


def test_a_repositorys_address_loses_what_only_shows_a_tab() -> None:
    assert clean_code("https://github.com/a/b.git?tab=readme-ov-file#use") == "https://github.com/a/b"


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("\uf8ffüî• News", "News"),
        ("🎬 Vision-Language Model", "Vision-Language Model"),
        ("Café & Thé", "Café & Thé"),
        ("State Space Models", "State Space Models"),
        ("C++", "C++"),
        ("🔥🔥", ""),
    ],
)
def test_headings_become_plain_words(heading: str, expected: str) -> None:
    assert clean_heading(heading) == expected


def test_venue_and_year_of_a_heading() -> None:
    assert venue_and_year("ICXL-2024") == ("ICXL", 2024)
    assert venue_and_year("2024") == (None, 2024)
    assert venue_and_year("ICXL 2023 Workshop") == ("ICXL Workshop", 2023)
    assert section_and_year(["A List", "Vision", "2024"]) == ("Vision", 2024)
    assert section_and_year([]) == (None, None)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("DynaThing: Faster", "DynaThing"),
        ("MobileX V2: Faster", "MobileX V2"),
        ("Token Thinning: A Study", None),
        ("A Study of Many Words in X: More", None),
        ("No colon here", None),
    ],
)
def test_the_acronym_of_a_title(title: str, expected: str | None) -> None:
    assert acronym(title) == expected


def test_as_many_titles_as_one_likes_may_wish_for_one_id(tree: Path) -> None:
    bullets = [f"* [ICXL 2024] 剪枝{chr(0x4E00 + n)} [[Paper](https://icxl.example/{n})]" for n in range(1005)]
    result = import_list(load(tree), "\n".join(bullets), "tagged-list")
    assert len(result.new) == 1005


def test_titles_are_compared_without_case_and_punctuation() -> None:
    assert same_title_key("A—B: Café!") == same_title_key("a b cafe")


PIECES = st.sampled_from(
    ["# ", "## ICXL-2023", "- ", "* [ICXL 2023] ", "  - ", "Title ", "[[Paper](https://a.example/1)]", "[[Code](", ")]",
     "https://arxiv.org/abs/2301.01230", "[x](javascript:alert(1))", "[x](#y)", "](", "[[", "<b>", "<!--", "-->",
     "&lt;",      "```", "|a|b|", "> ", "1. ", "\n", "\n\n", "    ", "\t", "🔥", "\x00", "\u2028", "\r", "![i](https://a.example/i.png)",
     "---", "2023", "|---|---|\n", "|Paper|Venue|\n", "|", "A Name, ", "B. C. Name and D Name. ",
     "3 May 2023, ", "“", "”", "In Proceedings of ICXL, pages 1-2, ", "arXiv:2301.01230, ", "Code: ", "et al., ", "(",
     ", ", ". ",
     "10.1234/alpha",      "[y]: https://a.example/y\n", "[y]", "<https://a.example>", "\\", "`", "https://[", "\x0c"]
)  # fmt: skip


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=300)
@given(st.lists(PIECES | st.text(max_size=6), max_size=30).map("".join))
@example("- a [[p](https://[)]")
def test_any_text_gives_proposals_and_an_explained_remainder(text: str) -> None:
    for format_name, read in READERS.items():
        found: ReadList = read(text, format_name)
        seen = found.headings | {line for one in found.proposals for line in one.lines}
        seen |= {unread.line for unread in found.unread}
        lines = text_lines(text)
        assert {number for number, line in enumerate(lines, 1) if line.strip()} <= seen
        assert all(unread.reason for unread in found.unread)
        assert all(1 <= one.mention.line <= len(lines) for one in found.proposals)
        kept = " ".join([part.text for part in found.unread] + [read_of(one) for one in found.proposals])
        assert [address for address in ADDRESSES if address in text and address not in kept] == []


ADDRESSES = (
    "https://arxiv.org/abs/2301.01230",
    "https://a.example/1",
    "https://a.example/i.png",
    "https://a.example/y",
)


def read_of(proposal: Proposal) -> str:
    return f"{proposal.mention.title} {' '.join(proposal.mention.links)}"


@settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture], max_examples=100
)
@given(st.lists(PIECES, max_size=25).map(lambda pieces: "## ICXL-2023\n- " + "".join(pieces)))
def test_any_list_can_be_imported_without_breaking_the_catalogue(tree: Path, text: str) -> None:
    catalogue = load(tree)
    for list_id in catalogue.lists:
        result = import_list(catalogue, text, list_id)
        assert all(len(conflict.splitlines()) == 1 for conflict in result.conflicts)
        assert all(paper.mentions for paper in result.changed.values())
