"""The coverage page: its numbers are those of the records."""

import re
from dataclasses import replace

from prunarium.site.pages import coverage


def page(content):
    return coverage.pages(content)["coverage/index.md"].decode()


def row(text, heading):
    """The cells of the table row that begins with a heading."""
    found = re.search(rf'<th scope="row"[^>]*>(?:<a [^>]*>|<code>)?{re.escape(heading)}<.*?</tr>', text, re.DOTALL)
    assert found, heading
    return [re.sub("<[^>]*>", "", cell).strip() for cell in re.findall(r"<td.*?</td>", found[0], re.DOTALL)]


def test_what_records_lack_is_counted_and_named(everything):
    text, papers = page(everything), everything.papers
    for heading, field, has in (
        ("Authors", "authors", lambda paper: paper.authors),
        ("Venue or preprint server", "venue_or_preprint", lambda paper: paper.venue),
        ("Code", "code", lambda paper: paper.links.code),
        ("DOI", "doi", lambda paper: paper.identifiers.doi),
        ("Any identifier", "identifier", lambda paper: any(value for _, value in paper.identifiers)),
    ):
        lacking = [paper.id for paper in papers if not has(paper)]
        cells = row(text, heading)
        assert (int(cells[0]), int(cells[-1])) == (len(papers) - len(lacking), len(lacking))
        listing = re.search(rf'id="without-{field}".*?</ul>', text, re.DOTALL)
        named = re.findall(r"papers/([a-z0-9-]+)/", listing[0]) if listing else []
        assert named == lacking


def test_a_share_is_only_all_where_it_is(everything):
    cells = row(page(everything), "Venue or preprint server")
    without = sum(paper.venue is None for paper in everything.papers)
    assert cells[1] == ("all" if not without else "99 %")


def test_sources_are_counted_where_there_is_a_value(everything):
    found = {one.field: one for one in coverage.sourced(everything.papers)}
    for field in ("title", "authors", "identifiers.arxiv", "links.code", "training"):
        one = found[field]
        assert 0 < one.sourced <= one.known <= len(everything.papers)
    assert found["authors"].known == sum(bool(paper.authors) for paper in everything.papers)
    assert found["training"].known == sum(paper.training != "unknown" for paper in everything.papers)
    assert row(page(everything), "authors")[:2] == [str(found["authors"].known), str(found["authors"].sourced)]


def test_lists_say_when_they_were_screened(everything):
    lists = everything.catalogue.lists
    text = page(everything)
    for one in lists.values():
        cells = row(text, one.title.replace("&", "&amp;"))
        assert cells[0] == f"all lines, {one.screened_on}"
        assert cells[1] == (one.last_update or "not stated")
    unread = {name: one.model_copy(update={"screened": False, "screened_on": None}) for name, one in lists.items()}
    text = page(replace(everything, catalogue=replace(everything.catalogue, lists=unread)))
    assert text.count("not yet") == len(unread)


def test_papers_on_no_list_are_named(everything):
    unlisted = [paper for paper in everything.papers if not paper.mentions]
    assert f"and {len(unlisted)} more" in page(everything)
    text = page(everything)
    said = text[text.index("On none of them") :]
    assert re.findall(r"papers/([a-z0-9-]+)/", said[: said.index("</p>")]) == [paper.id for paper in unlisted]
