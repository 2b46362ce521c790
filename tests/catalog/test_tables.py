"""The importer of Markdown tables. The list is made up."""

from pathlib import Path

import pytest

from prunarium.catalog import load
from prunarium.catalog.importers import READERS
from prunarium.catalog.importers.addresses import Address
from prunarium.catalog.importers.importing import import_list
from prunarium.catalog.importers.venues import listed_venue
from prunarium.records import Mention

LIST = """\
# A List
# Accepted
|Date|Paper|Author|Conference|
|:---:|:---:|:---:|:---:|
|ICXL2024 accepted|[Iota: 1/2 of It](https://doi.org/10.1234/iota)\t|University of Examples|ICXL2024 accepted|
|ICXL2023 accepted|[Kappa](https://x.example/kappa)|Company||

# 2024.12
|Date|Paper|Author|Conference|Code|
|---|---|---|---|---|
|2024.12|[[CLS] Is All: A Title](https://arxiv.org/abs/2412.00001)|Example|ICXL2025|[link](https://github.com/e/cls)|
|2024.12|[Lambda | Mu](javascript:alert(1))|Example||
|2024.12|Plain Title Without a Link|Example||
|2024.12||Example||
|2024.12|[Alpha: Forgetting Half of the Picture](https://arxiv.org/abs/2301.01230)|Example|ICXL2025 Submission|
"""


def test_rows_give_title_venue_year_and_links() -> None:
    iota, kappa, cls, alpha = READERS["tables"](LIST, "table-list").proposals
    assert (iota.mention.title, iota.mention.venue, iota.mention.year) == ("Iota: 1/2 of It", "ICXL2024 accepted", 2024)
    assert (iota.mention.authors, iota.mention.section, iota.mention.line) == ("University of Examples", "Accepted", 5)
    assert iota.addresses == (Address("doi", "10.1234/iota"),)
    assert kappa.mention.venue == "ICXL2023 accepted"  # it stands in place of the date
    assert cls.mention.title == "[CLS] Is All: A Title"
    assert cls.addresses == (Address("arxiv", "2412.00001"), Address("code", "https://github.com/e/cls"))
    assert (cls.mention.venue, cls.mention.year) == ("ICXL2025", 2025)
    assert alpha.mention.section == "2024.12"


def test_rows_that_name_no_paper_come_with_their_reason() -> None:
    unread = [(part.line, part.reason.partition(";")[0]) for part in READERS["tables"](LIST, "table-list").unread]
    assert unread == [
        (12, "names no link"),
        (13, "names no link"),
        (14, "gives no title in a column named Paper or Title"),
    ]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("ICXL2024 accepted", ("icxl", "accepted", None)),
        ("ICXL2024", ("icxl", "published", None)),
        ("ICXL2025 Submission", ("icxl", "submitted", None)),
        ("ICXL 2024 Workshop", ("icxl", "published", "workshop")),
        ("Proceedings of the Imaginary Conference on Example Learning (ICXL 2024)", ("icxl", "published", None)),
        ("Findings of ICXL", ("icxl", "published", "findings")),
        ("ICXL 2024: Example Vision", ("icxl", "published", None)),
        ("arXiv", ("arxiv", "preprint", None)),
        ("Another Conference", None),
    ],
)
def test_the_venue_that_words_mean(tree: Path, words: str, expected: tuple[str, str, str | None] | None) -> None:
    mention = Mention(list="table-list", line=1, title="T", venue=words, year=2024)
    venue = listed_venue(mention, load(tree))
    assert (venue and (venue.id, venue.status, venue.track)) == expected


def test_a_submission_elsewhere_is_no_conflict_but_another_venue_is(tree: Path) -> None:
    result = import_list(load(tree), LIST, "table-list")
    assert [one.paper_id for one in result.joined] == ["alpha"]
    assert "line 15: lists icxl 2025; 'alpha' has icxl 2023" in result.conflicts
