"""What the page of a paper tells machines: JSON-LD in the terms of schema.org, Highwire tags, Open Graph."""

import json
from html.parser import HTMLParser

import pytest

from prunarium.records import CodeLink, Identifiers, Links
from prunarium.site.citation_tags import citation_tags
from prunarium.site.structured_data import article

from .conftest import ODD_TITLE


class Head(HTMLParser):
    """The meta tags of a page, and the JSON-LD in it."""

    def __init__(self, file):
        super().__init__()
        self.meta, self.data, self._inside = [], [], False
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag == "meta":
            self.meta.append((values.get("name") or values.get("property"), values.get("content")))
        self._inside = tag == "script" and values.get("type") == "application/ld+json"

    def handle_data(self, data):
        if self._inside:
            self.data.append(json.loads(data))
            self._inside = False

    def all(self, name):
        return [content for one, content in self.meta if one == name]


def head(site, name):
    return Head(site.folder / name / "index.html")


@pytest.fixture
def tome(everything):
    return everything.catalogue.paper("tome")


def test_every_page_of_a_paper_says_what_its_record_says(site):
    for paper in site.content.catalogue:
        found = head(site, f"papers/{paper.id}")
        (data,) = found.data
        assert data["@context"] == "https://schema.org"
        assert data["@type"] == ("Thesis" if paper.kind == "thesis" else "ScholarlyArticle")
        assert data["name"] == data["headline"] == paper.title
        assert [author["name"] for author in data.get("author", [])] == paper.authors
        assert data["mainEntityOfPage"] == f"{site.content.addresses.site}papers/{paper.id}/"
        assert data.get("url") == paper.url
        assert found.all("citation_title") == found.all("og:title") == [paper.title]
        assert found.all("citation_author") == paper.authors
        assert found.all("citation_publication_date") == [data["datePublished"]]
        assert found.all("citation_doi") == [one for one in [paper.identifiers.doi] if one]
        assert found.all("citation_arxiv_id") == [one for one in [paper.identifiers.arxiv] if one]
        assert found.all("og:url") == [data["mainEntityOfPage"]]
        assert found.all("og:type") == ["article"]


def test_a_paper_in_the_words_of_schema_org(everything, tome):
    assert article(tome, everything) == {
        "@context": "https://schema.org",
        "@type": "ScholarlyArticle",
        "name": "Token Merging: Your ViT But Faster",
        "headline": "Token Merging: Your ViT But Faster",
        "alternateName": ["ToMe"],
        "author": [{"@type": "Person", "name": author} for author in tome.authors],
        "datePublished": "2023",
        "isPartOf": {"@type": "PublicationVolume", "name": "International Conference on Learning Representations"},
        "creativeWorkStatus": "Published",
        "keywords": ["Token merging", "Vision"],
        "identifier": [
            {"@type": "PropertyValue", "propertyID": "arXiv", "value": "2210.09461"},
            {"@type": "PropertyValue", "propertyID": "OpenReview", "value": "JroZRaRw7Eu"},
        ],
        "url": "https://arxiv.org/abs/2210.09461",
        "sameAs": ["https://openreview.net/forum?id=JroZRaRw7Eu"],
        "encoding": [
            {
                "@type": "MediaObject",
                "contentUrl": "https://arxiv.org/pdf/2210.09461",
                "encodingFormat": "application/pdf",
            }
        ],
        "workExample": [{"@type": "SoftwareSourceCode", "codeRepository": "https://github.com/facebookresearch/ToMe"}],
        "mainEntityOfPage": everything.addresses.page("papers/tome/"),
    }


@pytest.mark.parametrize(
    ("venue", "tag", "kind"),
    [
        ("conference", "citation_conference_title", "PublicationVolume"),
        ("workshop", "citation_conference_title", "PublicationVolume"),
        ("journal", "citation_journal_title", "Periodical"),
        ("university", "citation_dissertation_institution", None),
        ("preprint-server", None, None),
    ],
)
def test_each_kind_of_venue_has_its_tag(everything, tome, venue, tag, kind):
    found = next(one for one in everything.catalogue.venues.values() if one.kind == venue)
    paper = tome.model_copy(update={"venue": tome.venue.model_copy(update={"id": found.id})})
    tags = dict(citation_tags(paper, everything.catalogue))
    places = {name for name in tags if name.endswith(("_title", "_institution"))} - {"citation_title"}
    assert places == ({tag} if tag else set())
    assert tags.get(tag) == (found.full_name if tag else None)
    assert article(paper, everything).get("isPartOf", {}).get("@type") == kind


def test_nothing_is_said_that_the_record_does_not_state(everything, tome):
    bare = tome.model_copy(
        update={
            "authors": [],
            "venue": None,
            "name": None,
            "identifiers": Identifiers(),
            "links": Links(code=[CodeLink(url="https://example.org/code")]),
            "withdrawn": True,
        }
    )
    assert citation_tags(bare, everything.catalogue) == [
        ("citation_title", bare.title),
        ("citation_publication_date", "2023"),
    ]
    data = article(bare, everything)
    assert data["creativeWorkStatus"] == "Withdrawn"
    assert not data.keys() & {"author", "isPartOf", "identifier", "url", "sameAs", "encoding", "alternateName"}


def test_hostile_text_stays_text(odd_site):
    found = head(odd_site, "papers/tome")
    (data,) = found.data
    assert data["headline"] == ODD_TITLE
    assert data["author"][0]["name"] == ODD_TITLE
    assert found.all("citation_title") == found.all("og:title") == [ODD_TITLE]
    assert found.all("citation_author") == odd_site.content.catalogue.paper("tome").authors
    (description,) = found.all("og:description")
    assert ODD_TITLE in description


def test_hostile_text_runs_nowhere(odd_site, open_page):
    page = open_page(f"{odd_site.url}papers/tome/")
    assert page.evaluate("window.odd") is None
    assert page.title() == f"{ODD_TITLE} - Prunarium"
    assert page.evaluate("JSON.parse(document.querySelector('[type=\"application/ld+json\"]').text).name") == ODD_TITLE


def test_every_other_page_has_open_graph(site):
    for name in ("", "papers", "methods/tome", "guide/start"):
        found = head(site, name)
        assert found.all("og:type") == ["website"]
        assert found.all("og:site_name") == ["Prunarium"]
        assert found.all("og:url") == [f"{site.content.addresses.site}{name}{'/' if name else ''}"]
        assert len(found.all("og:title")) == len(found.all("og:description")) == 1
        assert not found.data
        assert not [one for one, _ in found.meta if one and one.startswith("citation_")]
