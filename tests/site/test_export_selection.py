"""What is shown, saved as a file: the records are those of the whole files, in the order of the table."""

import csv
import io
import json
from pathlib import Path

import bibtexparser
import pytest

from .filtering import SHOWN, box, opened, words


def saved(page, format):
    with page.expect_download() as download:
        page.get_by_role("link", name=f"Export as {format}").click()
    return download.value.suggested_filename, Path(download.value.path()).read_text(encoding="utf-8")


def records(format, text):
    """The records of a file by id, in its order."""
    if format == "BibTeX":
        library = bibtexparser.parse_string(text)
        assert not library.failed_blocks
        return {entry.key: {field.key: field.value for field in entry.fields} for entry in library.entries}
    if format == "CSV":
        return {row["id"]: row for row in csv.DictReader(io.StringIO(text))}
    file = json.loads(text)
    assert file["count"] == len(file["papers"])
    return {paper["id"]: paper for paper in file["papers"]}


@pytest.mark.parametrize(("format", "file"), [("BibTeX", "papers.bib"), ("CSV", "papers.csv"), ("JSON", "papers.json")])
def test_what_is_shown_is_saved(site, open_page, format, file):
    page = opened(open_page, site.url + "papers/?code=yes&modality=vision&sort=title")
    shown = page.evaluate(SHOWN)
    assert 20 < len(shown) < len(site.content.catalogue)
    name, text = saved(page, format)
    assert name == file
    whole = site.folder / ("api/papers.json" if format == "JSON" else file)
    everything = records(format, whole.read_text(encoding="utf-8"))
    assert list(records(format, text).items()) == [(paper, everything[paper]) for paper in shown]


def test_everything_is_the_file_itself(site, open_page):
    page = opened(open_page, site.url + "papers/")
    for format, file in (("BibTeX", "papers.bib"), ("CSV", "papers.csv")):
        assert saved(page, format) == (file, (site.folder / file).read_text(encoding="utf-8"))


def test_the_selection_follows_words_and_choices(site, open_page):
    page = opened(open_page, site.url + "papers/")
    words(page).fill("tome")
    page.wait_for_url("**text=tome")
    box(page, "runnable", "yes").check()
    shown = page.evaluate(SHOWN)
    assert "tome" in shown
    assert list(records("BibTeX", saved(page, "BibTeX")[1])) == shown


def test_nothing_is_saved_in_silence(site, open_page):
    page = opened(open_page, site.url + "papers/?modality=vision")
    page.route("**/papers.bib", lambda route: route.fulfill(status=404))
    page.get_by_role("link", name="Export as BibTeX").click()
    page.get_by_text("Nothing was saved").wait_for()


def test_without_a_script_there_is_the_whole_file(site, open_page):
    page = open_page(site.url + "papers/", java_script_enabled=False)
    for address in ("papers.bib", "papers.csv", "api/papers.json"):
        assert page.locator(f"a[href='../{address}']").first.is_visible()
