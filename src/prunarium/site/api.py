"""The records as JSON files, for scripts."""

import json
from typing import Any

from prunarium.site.content import Content, Method

VERSION = 1


def documents(content: Content) -> dict[str, bytes]:
    """Every JSON file, by its path in the docs tree."""
    papers = [
        {
            **paper.model_dump(mode="json"),
            "url": paper.url,
            "page": f"papers/{paper.id}/",
            "methods": [method.id for method in content.methods_of_papers.get(paper.id, [])],
        }
        for paper in content.catalogue
    ]
    methods = [_method(method) for method in content.methods]
    return {"api/papers.json": _json("papers", papers), "api/methods.json": _json("methods", methods)}


def _method(method: Method) -> dict[str, Any]:
    return {
        **method.card.model_dump(mode="json"),
        "page": f"methods/{method.id}/",
        "command": f"prunarium run {method.id}",
        "reported": [score.model_dump(mode="json") for score in method.reported],
        "measured": [score.model_dump(mode="json") for score in method.measured],
    }


def _json(name: str, records: list[dict[str, Any]]) -> bytes:
    data = {"schema_version": VERSION, "count": len(records), name: records}
    return (json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n").encode()
