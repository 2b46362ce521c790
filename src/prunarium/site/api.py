"""The records as JSON files, for scripts."""

import json
from dataclasses import asdict
from typing import Any

from prunarium.catalog.exporting.json_records import envelope, record
from prunarium.site.content import Content, Method


def documents(content: Content) -> dict[str, bytes]:
    """Every JSON file, by its path in the docs tree."""
    papers = [
        record(paper, [method.id for method in content.methods_of_papers.get(paper.id, [])])
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
        "claims": [asdict(claim) for _, claims in method.claims for claim in claims],
        "measured": [score.model_dump(mode="json") for score in method.measured],
    }


def _json(name: str, records: list[dict[str, Any]]) -> bytes:
    return (json.dumps(envelope(name, records), ensure_ascii=False, separators=(",", ":")) + "\n").encode()
