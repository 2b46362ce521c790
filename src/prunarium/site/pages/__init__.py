"""Every generated page, by its path in the docs tree: one module for each kind of page."""

from prunarium.site.content import Content
from prunarium.site.merging import merged
from prunarium.site.pages import benchmarks, home, method, methods, paper, papers, score_fields

_KINDS = (home, papers, paper, methods, method, benchmarks, score_fields)


def pages(content: Content) -> dict[str, bytes]:
    """All of them.

    Raises:
        PrunariumError: two pages want one path.
    """
    return merged(kind.pages(content) for kind in _KINDS)
