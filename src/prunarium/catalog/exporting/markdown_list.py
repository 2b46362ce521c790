"""Papers as an awesome list in Markdown, in the form that awesome-lint asks for: no address stands there twice."""

import re
from collections.abc import Iterable, Iterator, Sequence

from prunarium.catalog.catalogue import Catalogue
from prunarium.catalog.sorting import in_order
from prunarium.errors import PrunariumError, did_you_mean
from prunarium.records import Paper

GROUPS = ("category", "year")
_BADGE = "[![Awesome](https://awesome.re/badge.svg)](https://awesome.re)"
_WITHOUT = "Without an Address"
_SPECIAL = re.compile(r"([\\`*_\[\]<>&~|$])")
_ENTITY = re.compile(r"&(?=#?\w+;)")


def text(papers: Iterable[Paper], catalogue: Catalogue, group_by: str = "category", keep_order: bool = False) -> str:
    """A heading, a table of contents, and a section for each year, or for each first category of a paper.

    In a section the papers come by title, or as they are given with ``keep_order``. A paper whose addresses are all
    taken, or that has none, is named at the end.

    Raises:
        PrunariumError: papers cannot be grouped so.
    """
    if group_by not in GROUPS:
        guess = did_you_mean(group_by, GROUPS)
        raise PrunariumError(f"papers cannot be grouped by '{group_by}'{guess}; use {' or '.join(GROUPS)}")
    addresses = _Addresses()
    sections: dict[str, list[str]] = {}
    left: list[str] = []
    count = 0
    ordered = list(papers) if keep_order else in_order(papers, ["title"], catalogue)
    for heading, group in _groups(ordered, catalogue, group_by):
        for paper in group:
            count += 1
            url = addresses.first_free(_pages(paper))
            if url:
                sections.setdefault(heading, []).append(_bullet(paper, url, catalogue, addresses, group_by))
            else:
                left.append(f"{escaped(paper.title)} ({_where(paper, catalogue)})")
    return "\n".join(_document(sections, left, count))


def escaped(words: str) -> str:
    """The words on one line, with a backslash before what Markdown would read as markup."""
    return _SPECIAL.sub(r"\\\1", " ".join(words.split()))


class _Addresses:
    """The addresses of one list: none stands there twice, however it is written."""

    def __init__(self) -> None:
        self._taken = {_same("https://awesome.re")}

    def first_free(self, urls: Iterable[str]) -> str | None:
        """The first address that is not in the list yet, as Markdown writes it. From now on it is taken."""
        for url in urls:
            if _same(url) not in self._taken:
                self._taken.add(_same(url))
                return _ENTITY.sub("&amp;", url.rstrip("/")).replace("(", "%28").replace(")", "%29")
        return None


def _same(url: str) -> str:
    return url.casefold().partition("://")[2].removeprefix("www.").rstrip("/")


def _pages(paper: Paper) -> list[str]:
    links = paper.links
    return [*paper.identifiers.addresses.values(), *links.paper, *links.pdf, *links.project, *links.other]


def _groups(papers: Sequence[Paper], catalogue: Catalogue, group_by: str) -> Iterator[tuple[str, list[Paper]]]:
    if group_by == "year":
        for year in sorted({paper.year for paper in papers}, reverse=True):
            yield str(year), [paper for paper in papers if paper.year == year]
        return
    known = {term.id: term.name for term in catalogue.taxonomy.categories}
    for category, name in known.items():
        yield name, [paper for paper in papers if paper.categories[:1] == [category]]
    yield "Uncategorized", [paper for paper in papers if not known.keys() & set(paper.categories[:1])]


def _bullet(paper: Paper, url: str, catalogue: Catalogue, addresses: _Addresses, group_by: str) -> str:
    who = f"By {escaped(paper.authors[0])}{' et al.' if len(paper.authors) > 1 else ''}, " if paper.authors else "In "
    other = paper.categories[1:] if group_by == "category" else paper.categories
    names = [catalogue.names.get(category, category) for category in other]
    code = addresses.first_free(link.url for link in paper.links.code)
    facts = [
        f"{who}{_where(paper, catalogue)}.",
        f"{'Also ' if group_by == 'category' else ''}{', '.join(names).lower()}.".capitalize() if names else "",
        f"[Code]({code})." if code else "",
    ]
    return f"- [{escaped(paper.title)}]({url}) - {' '.join(filter(None, facts))}"


def _where(paper: Paper, catalogue: Catalogue) -> str:
    if paper.venue is None:
        return str(paper.year)
    submitted = "submitted to " if paper.venue.status == "submitted" else ""
    return f"{submitted}{escaped(catalogue.venue_name(paper))} {paper.venue.year}"


def _document(sections: dict[str, list[str]], left: list[str], count: int) -> Iterator[str]:
    yield f"# Papers on Cheaper Transformers {_BADGE}\n"
    yield f"> {count} papers on token reduction and pruning, from the catalogue of Prunarium.\n"
    yield "## Contents\n"
    headings = [*sections, *([_WITHOUT] if left else [])]
    yield from (f"- [{heading}](#{_anchor(heading)})" for heading in headings)
    for heading, bullets in sections.items():
        yield f"\n## {heading}\n"
        yield from bullets
    if left:
        yield f"\n## {_WITHOUT}\n"
        yield "\n\n".join(left)
    yield ""


def _anchor(heading: str) -> str:
    """The id that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
