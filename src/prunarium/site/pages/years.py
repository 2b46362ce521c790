"""The years, and a page for each of them."""

from dataclasses import replace

from prunarium.site.content import Content
from prunarium.site.groups import Group, groups
from prunarium.site.templates import document


def pages(content: Content) -> dict[str, bytes]:
    """The table, and one page for each year in which a paper appeared."""
    years = groups(content, "year")
    index = document(
        "years.html",
        "Years",
        f"The {len(content.papers)} papers of the catalogue by year.",
        "../",
        hide=("toc",),
        content=content,
        years=years,
        most=max((len(year.papers) for year in years), default=0),
    )
    venues, categories = groups(content, "venue"), groups(content, "category")
    beside = zip(years, [*years[1:], None], [None, *years], strict=False)
    return {"years/index.md": index} | {
        f"{year.page}index.md": _year(year, before, after, _within(year, venues), _within(year, categories), content)
        for year, before, after in beside
    }


def _year(
    year: Group,
    before: Group | None,
    after: Group | None,
    venues: list[Group],
    categories: list[Group],
    content: Content,
) -> bytes:
    known = {paper.id for venue in venues for paper in venue.papers}
    return document(
        "year.html",
        year.name,
        f"The {len(year.papers)} papers of the catalogue that appeared in {year.name}, by venue and category.",
        "../../",
        content=content,
        group=year,
        venues=venues,
        nowhere=[paper for paper in year.papers if paper.id not in known],
        categories=[(one, len(one.papers)) for one in categories],
        before=before.id if before else None,
        after=after.id if after else None,
    )


def _within(year: Group, others: list[Group]) -> list[Group]:
    """What other groups have of a year's papers, those with the most first."""
    ours = {paper.id for paper in year.papers}
    narrowed = (replace(one, papers=tuple(paper for paper in one.papers if paper.id in ours)) for one in others)
    return sorted((one for one in narrowed if one.papers), key=lambda one: (-len(one.papers), one.name.lower()))
