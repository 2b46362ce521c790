"""Papers as JSON: the shape of the site's JSON files, of the export and of ``--json``."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from prunarium.catalog.catalogue import Catalogue
from prunarium.records import Paper

VERSION = 1
MethodsOf = Mapping[str, Sequence[str]]
"""The ids of the methods that run a paper, by the paper's id."""


def text(papers: Iterable[Paper], catalogue: Catalogue, methods: MethodsOf | None = None) -> str:
    """The papers in the envelope of the site's ``api/papers.json``."""
    records = [record(paper, (methods or {}).get(paper.id, [])) for paper in papers]
    return json.dumps(envelope("papers", records), indent=2, ensure_ascii=False) + "\n"


def record(paper: Paper, methods: Sequence[str]) -> dict[str, Any]:
    """The whole record, empty fields too, with its address, its page on the site and what runs it."""
    return {
        **paper.model_dump(mode="json"),
        "url": paper.url,
        "page": f"papers/{paper.id}/",
        "methods": list(methods),
    }


def envelope(name: str, records: list[dict[str, Any]]) -> dict[str, Any]:
    """Records of one sort with their number and the version of their shape."""
    return {"schema_version": VERSION, "count": len(records), name: records}
