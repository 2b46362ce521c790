"""The page of disagreements: each cell once, every number with its source."""

import re
from dataclasses import replace
from html import unescape

from prunarium.records.reported import ReportedElsewhere
from prunarium.registry.disagreements import as_printed
from prunarium.site.pages import disagreements
from prunarium.site.pages.disagreements import found

from .conftest import ODD_TITLE, reported_score


def made(content):
    return disagreements.pages(content)["benchmarks/disagreements/index.md"].decode()


def test_every_number_stands_beside_a_link_to_its_source(everything):
    page = made(everything)
    cells = found(everything)
    assert len(cells) > 20 and page.count('<details class="pr-folded">') == len(cells)
    for one in cells:
        for metric in one.metrics:
            for number, statements in one.printed(metric):
                for statement in statements:
                    assert f"<b>{as_printed(number)}</b>" in page
                    assert f'<a href="{statement.row.source}"' in unescape(page)


def test_what_the_rows_tell_of_the_causes_is_shown(everything):
    text = unescape(made(everything))
    for one in found(everything):
        assert all(cause in text for cause in one.causes)
        assert all(s.row.where in text and s.row.read_on in text for s in one.statements)


def test_methods_without_a_folder_lead_to_their_papers(everything):
    """Shown on a method that has one: its rows are moved to where those of the others are."""
    known = next(method for method in everything.methods if method.id == "longllmlingua")
    elsewhere = ReportedElsewhere(method="LongLLMLingua", paper="longllmlingua", scores=list(known.reported))
    outside = everything.reported_outside.model_copy(update={"methods": [elsewhere]})
    without = tuple(method for method in everything.methods if method is not known)
    page = made(replace(everything, methods=without, reported_outside=outside))
    assert '<a href="../../papers/longllmlingua/">LongLLMLingua</a>' in page


def test_the_jump_list_leads_to_every_heading(everything):
    page = made(everything)
    jumps = re.findall(r'<li><a href="#([\w-]+)">', page)
    assert jumps == re.findall(r'<h2 id="([\w-]+)">', page) and len(set(jumps)) == len(jumps)


def test_hostile_sources_are_text(odd):
    other = reported_score().model_copy(
        update={"source": "https://example.org/", "result": {ODD_TITLE: 70.0}, "notes": ODD_TITLE}
    )
    first = other.model_copy(update={"source": "https://example.com/", "result": {ODD_TITLE: 80.0}})
    page = made(replace(odd, methods=(replace(odd.methods[0], reported=(first, other)),)))
    assert "<script>window.odd" not in page and ODD_TITLE in unescape(page)


def test_where_nobody_disagrees_the_page_says_so(odd):
    assert "No two sources disagree about a cell" in made(replace(odd, reported_outside=None))
