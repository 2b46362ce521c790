"""The awesome list, parsed by markdown-it, against the rules of awesome-lint 2.3 that concern its text.

Rules: one main heading with the badge; "Contents" first, its items the headings that follow with GitHub's anchors; each
bullet a link with a plain-text label, then " - ", a capital, and a description that ends with a full stop; no address
twice, whatever its protocol, "www." or closing slash; no undefined reference.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from markdown_it import MarkdownIt
from markdown_it.token import Token

from prunarium import PrunariumError
from prunarium.catalog.exporting import markdown_list
from prunarium.catalog.exporting.markdown_list import GROUPS
from prunarium.catalog.titles import title_words
from prunarium.records import CodeLink, Identifiers, Links

from .conftest import TEXTS, changed, one_line, own


@dataclass
class Bullet:
    title: str
    url: str
    description: str
    links: list[str]


@dataclass
class Section:
    heading: str
    bullets: list[Bullet]


def inline(tokens: list[Token]) -> Iterator[tuple[str, Token]]:
    """Every run of text with the kind of block around it."""
    return (
        (tokens[at - 1].type + tokens[at - 1].tag, token) for at, token in enumerate(tokens) if token.type == "inline"
    )


def bullet(token: Token) -> Bullet:
    children = token.children or []
    assert [children[0].type, children[1].type, children[2].type] == ["link_open", "text", "link_close"]
    links = [str(child.attrs["href"]) for child in children if child.type == "link_open"]
    after = "".join(child.content for child in children[3:])
    assert {child.type for child in children} <= {"link_open", "link_close", "text"}
    assert after.startswith(" - ")
    return Bullet(children[1].content, links[0], after[3:], links)


def sections(text: str) -> tuple[list[str], list[Section]]:
    """The items of the table of contents, and the sections after it."""
    contents: list[str] = []
    found: list[Section] = []
    for kind, token in inline(MarkdownIt().parse(text)):
        if kind == "heading_openh2":
            found.append(Section(token.content, []))
        elif found and found[0].heading == "Contents" and len(found) == 1:
            contents.append(token.content)
        elif found and found[-1].heading != markdown_list._WITHOUT:
            found[-1].bullets.append(bullet(token))
    return contents, found[1:]


def same(url: str) -> str:
    return url.lower().split("://")[1].removeprefix("www.").rstrip("/")


@pytest.fixture(params=GROUPS)
def text(catalogue, request) -> str:
    return markdown_list.text(catalogue, catalogue, request.param)


def test_every_paper_is_there_once_in_order(catalogue, text) -> None:
    _, found = sections(text)
    titles = [bullet.title for section in found for bullet in section.bullets]
    left = text.count("\n\n", text.find(markdown_list._WITHOUT)) if f"## {markdown_list._WITHOUT}" in text else 0
    assert len(titles) + left == len(catalogue)
    assert set(titles) <= {one_line(paper.title) for paper in catalogue}
    for section in found:
        words = [title_words(bullet.title) for bullet in section.bullets]
        assert words == sorted(words)


def test_links_are_web_addresses_and_none_is_there_twice(text) -> None:
    _, found = sections(text)
    links = [link for section in found for bullet in section.bullets for link in bullet.links]
    assert all(urlsplit(link).scheme in ("http", "https") and urlsplit(link).netloc for link in links)
    assert not any(link.endswith("/") for link in links)
    assert len({same(link) for link in links}) == len(links)


def test_contents_are_the_headings_with_their_anchors(text) -> None:
    contents, found = sections(text)
    headings = [section.heading for section in found]
    assert contents == [f"[{one}](#{re.sub('[^a-z0-9 -]', '', one.lower()).replace(' ', '-')})" for one in headings]
    assert text.startswith("# Papers on Cheaper Transformers [![Awesome](https://awesome.re/badge.svg)]")
    assert text.endswith("\n") and not text.endswith("\n\n")


def test_descriptions_begin_with_a_capital_and_end_with_a_full_stop(text) -> None:
    _, found = sections(text)
    for section in found:
        for bullet in section.bullets:
            assert re.match(r"(By|In) \S", bullet.description)
            assert bullet.description.endswith(".")


def test_groups(catalogue) -> None:
    _, by_year = sections(markdown_list.text(catalogue, catalogue, "year"))
    years = [section.heading for section in by_year if section.heading.isdigit()]
    assert years == sorted({str(paper.year) for paper in catalogue}, reverse=True)
    _, by_category = sections(markdown_list.text(catalogue, catalogue))
    names = [term.name for term in catalogue.taxonomy.categories]
    assert [section.heading for section in by_category if section.heading in names] == [
        term.name for term in catalogue.taxonomy.categories if any(p.categories[:1] == [term.id] for p in catalogue)
    ]
    with pytest.raises(PrunariumError, match=r"grouped by 'yera' \(did you mean 'year'\?\); use category or year"):
        markdown_list.text(catalogue, catalogue, "yera")


def test_the_given_order_is_kept_on_demand(catalogue) -> None:
    newest = catalogue.filter(category="token-merging").sort("year", reverse=True)
    _, found = sections(markdown_list.text(newest, catalogue, keep_order=True))
    years = {one_line(paper.title): paper.year for paper in newest}
    for section in found:
        listed = [years[bullet.title] for bullet in section.bullets]
        assert listed == sorted(listed, reverse=True)
    assert any(len({years[bullet.title] for bullet in section.bullets}) > 1 for section in found)


@given(title=TEXTS, author=TEXTS)
def test_hostile_words_are_words(title, author) -> None:
    _, [section] = sections(markdown_list.text([changed(title=title, authors=[author])], own()))
    [found] = section.bullets
    assert found.title == one_line(title)
    assert found.description.startswith(f"By {one_line(author)}, ICLR 2023.")


def test_a_shared_address_is_written_once_and_hard_ones_survive(catalogue) -> None:
    shared = "https://example.org/a_(b)?x=1&copy;=2"
    code = Links(paper=[shared], code=[CodeLink(url="https://example.org/code/")])
    papers = [
        changed(id="one", title="Alpha", identifiers=Identifiers(), links=code),
        changed(id="two", title="Beta", identifiers=Identifiers(acl="2023.x-1"), links=code),
        changed(
            id="six", title="[CLS] Gamma", identifiers=Identifiers(), links=Links(pdf=["http://www." + shared[8:]])
        ),
    ]
    text = markdown_list.text(papers, own())
    _, [section, _] = sections(text)
    assert [bullet.links for bullet in section.bullets] == [
        ["https://example.org/a_%28b%29?x=1&copy;=2", "https://example.org/code"],
        ["https://aclanthology.org/2023.x-1"],
    ]
    assert text.endswith(f"## {markdown_list._WITHOUT}\n\n\\[CLS\\] Gamma (ICLR 2023)\n")
    assert f"- [{markdown_list._WITHOUT}](#without-an-address)" in text
