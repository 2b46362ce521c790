"""The timeline of the field: papers per year by category and by modality, and the landmarks among them."""

from prunarium.site.content import Content
from prunarium.site.landmarks import MANY_LISTS, Landmark, landmarks
from prunarium.site.stacks import stacks
from prunarium.site.templates import document

_CHARTS = {"category": "Categories", "modality": "Modalities"}


def pages(content: Content) -> dict[str, bytes]:
    """The page."""
    by_year: dict[int, list[Landmark]] = {}
    for landmark in landmarks(content):
        by_year.setdefault(landmark.paper.year, []).append(landmark)
    page = document(
        "timeline.html",
        "Timeline",
        "The field by year: how many papers on what, and the first, most named and runnable ones among them.",
        "../",
        hide=("toc",),
        content=content,
        charts=[(facet, heading, stacks(content, facet)) for facet, heading in _CHARTS.items()],
        landmarks=by_year,
        many=MANY_LISTS,
    )
    return {"timeline/index.md": page}
