"""Every generated page, by its path in the docs tree: one module for each kind of page."""

from prunarium.site.content import Content
from prunarium.site.merging import merged
from prunarium.site.pages import (
    benchmarks,
    choosing,
    claims,
    command_reference,
    coverage,
    disagreements,
    home,
    lists,
    method,
    methods,
    paper,
    papers,
    python_reference,
    schemas,
    shorter_caches,
    speed_up,
    terms,
    timeline,
    venues,
    years,
)

_KINDS = (
    home,
    papers,
    paper,
    methods,
    method,
    benchmarks,
    speed_up,
    shorter_caches,
    claims,
    disagreements,
    schemas,
    python_reference,
    command_reference,
    choosing,
    timeline,
    years,
    venues,
    terms,
    lists,
    coverage,
)


def pages(content: Content) -> dict[str, bytes]:
    """All of them.

    Raises:
        PrunariumError: two pages want one path.
    """
    return merged(kind.pages(content) for kind in _KINDS)
