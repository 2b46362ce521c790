"""Every generated file that no record has a page of: data, feeds, and what lists them, by path in the docs tree."""

from prunarium.site import api, dumps, feeds, listing, llms, schemas, trade_offs
from prunarium.site.content import Content
from prunarium.site.merging import merged

_SORTS = (api, schemas, dumps, feeds, llms, trade_offs)


def documents(content: Content) -> dict[str, bytes]:
    """All of them.

    Raises:
        PrunariumError: two files want one path.
    """
    files = merged(sort.documents(content) for sort in _SORTS)
    return merged((files, listing.listings(files, content)))
