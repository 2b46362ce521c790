"""The feeds: as RFC 4287 and JSON Feed 1.1 want them, and true to the records."""

import json
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit
from xml.etree import ElementTree

import feedparser
import pytest

from prunarium.site.feeds import LONGEST, additions, documents

from .conftest import ODD_TITLE

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(scope="module")
def dated(everything):
    """Three papers of two days, one of a day that nobody noted."""
    days = {"tome": "2026-11-22", "evit": "2027-01-03", "fastv": "2026-11-22", "dynamicvit": None}
    papers = {one: everything.catalogue.paper(one).model_copy(update={"added": day}) for one, day in days.items()}
    return replace(everything, catalogue=replace(everything.catalogue, papers_by_id=papers))


def atom(content):
    return ElementTree.fromstring(documents(content)["feed.xml"])


def one(parent, name):
    (found,) = parent.findall(f"{ATOM}{name}")
    return found.text


def is_a_time(text):
    return text.endswith("Z") and datetime.fromisoformat(text).tzinfo is not None


def test_the_newest_come_first_and_those_without_a_day_are_left_out(dated):
    assert [(one.paper.id, one.day) for one in additions(dated)] == [
        ("evit", "2027-01-03"),
        ("fastv", "2026-11-22"),
        ("tome", "2026-11-22"),
    ]
    assert one(atom(dated), "updated") == "2027-01-03T00:00:00Z", "the newest day, and not that of the build"


@pytest.mark.parametrize("name", ["everything", "dated", "odd"])
def test_atom_has_what_rfc_4287_asks_for(name, request):
    content = request.getfixturevalue(name)
    feed = atom(content)
    assert feed.tag == f"{ATOM}feed"
    assert is_a_time(one(feed, "updated")) and one(feed, "title") and urlsplit(one(feed, "id")).scheme == "https"
    links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
    assert links["self"] == f"{content.addresses.site}feed.xml"
    entries = feed.findall(f"{ATOM}entry")
    assert len(entries) == len(additions(content)) > 0
    ids = [one(entry, "id") for entry in entries]
    assert len(ids) == len(set(ids))
    for entry in entries:
        assert is_a_time(one(entry, "updated")) and is_a_time(one(entry, "published"))
        assert one(entry, "title") and one(entry, "summary")
        rels = [link.get("rel") for link in entry.findall(f"{ATOM}link")]
        assert rels.count("alternate") == 1
        has_author = entry.find(f"{ATOM}author/{ATOM}name") is not None
        assert has_author or feed.find(f"{ATOM}author/{ATOM}name") is not None
        for category in entry.findall(f"{ATOM}category"):
            assert category.get("term")
    known = {f"{ATOM}{name}" for name in ["id", "title", "subtitle", "updated", "link", "author", "entry"]}
    assert {child.tag for child in feed} <= known


def test_another_reader_finds_the_same(everything):
    read = feedparser.parse(documents(everything)["feed.xml"])
    assert not read.bozo and read.version == "atom10"
    assert [entry.title for entry in read.entries] == [one.paper.title for one in additions(everything)]
    assert [entry.link for entry in read.entries] == [one.page for one in additions(everything)]
    tome = next(one for one in additions(everything) if one.paper.authors)
    entry = read.entries[[one.page for one in additions(everything)].index(tome.page)]
    assert [author.name for author in entry.authors] == tome.paper.authors


@pytest.mark.parametrize("name", ["everything", "dated", "odd"])
def test_the_json_feed_has_what_its_version_asks_for(name, request):
    content = request.getfixturevalue(name)
    feed = json.loads(documents(content)["feed.json"])
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["title"] and feed["feed_url"] == f"{content.addresses.site}feed.json"
    assert [item["id"] for item in feed["items"]] == [item["url"] for item in feed["items"]]
    for item, addition in zip(feed["items"], additions(content), strict=True):
        assert item["content_text"] and item["title"] == addition.paper.title
        assert is_a_time(item["date_published"])
        assert all(author["name"] for author in item["authors"])
        assert all(isinstance(tag, str) for tag in item["tags"])


def test_an_empty_catalogue_has_valid_feeds(everything):
    nothing = replace(everything, catalogue=replace(everything.catalogue, papers_by_id={}), methods=())
    feed = atom(nothing)
    assert is_a_time(one(feed, "updated")) and feed.findall(f"{ATOM}entry") == []
    assert json.loads(documents(nothing)["feed.json"])["items"] == []
    assert not feedparser.parse(documents(nothing)["feed.xml"]).bozo


def test_hostile_titles_are_text(odd):
    (entry,) = feedparser.parse(documents(odd)["feed.xml"]).entries
    assert entry.title_detail.type == "text/plain"
    assert atom(odd).find(f"{ATOM}entry/{ATOM}title").text == ODD_TITLE


def test_a_feed_is_no_longer_than_it_says(everything):
    paper = everything.catalogue.paper("tome")
    many = {f"tome-{place}": paper.model_copy(update={"id": f"tome-{place}"}) for place in range(LONGEST + 20)}
    assert len(additions(replace(everything, catalogue=replace(everything.catalogue, papers_by_id=many)))) == LONGEST


def test_every_record_has_its_day(everything):
    assert [paper.id for paper in everything.catalogue if not paper.added] == []
