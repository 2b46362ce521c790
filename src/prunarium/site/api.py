"""The records as JSON files, for scripts."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from prunarium.catalog.exporting.json_records import VERSION, envelope, record
from prunarium.site.content import Content, Method
from prunarium.site.groups import FOLDERS, Group, groups


def documents(content: Content) -> dict[str, bytes]:
    """Every JSON file, by its path in the docs tree."""
    papers = [
        record(paper, [method.id for method in content.methods_of_papers.get(paper.id, [])])
        for paper in content.catalogue
    ]
    files = {
        "papers": envelope("papers", papers),
        "methods": envelope("methods", [_method(method) for method in content.methods]),
        "scores": envelope("scores", [score.model_dump(mode="json") for score in content.scores]),
        "reported": envelope("reported", [row for method in content.methods for row in _reported(method)]),
        "taxonomy": _taxonomy(content),
    }
    return {f"api/{name}.json": json_file(data) for name, data in files.items()}


def json_file(data: dict[str, Any]) -> bytes:
    """The data on one line, in UTF-8."""
    return (json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _method(method: Method) -> dict[str, Any]:
    return {
        **method.card.model_dump(mode="json"),
        "page": f"methods/{method.id}/",
        "command": f"prunarium run {method.id}",
        "reported": [score.model_dump(mode="json") for score in method.reported],
        "claims": [asdict(claim) for _, claims in method.claims for claim in claims],
        "measured": [score.model_dump(mode="json") for score in method.measured],
    }


def _taxonomy(content: Content) -> dict[str, Any]:
    vocabularies = {FOLDERS[facet]: groups(content, facet) for facet in FOLDERS if facet != "year"}
    return {"schema_version": VERSION} | {name: [_group(one) for one in made] for name, made in vocabularies.items()}


def _group(group: Group) -> dict[str, Any]:
    return {**group.record.model_dump(mode="json"), "page": group.page, "papers": len(group.papers)}


def _reported(method: Method) -> Iterable[dict[str, Any]]:
    for row, claims in method.claims:
        yield {**row.model_dump(mode="json"), "method": method.id, "claims": [asdict(claim) for claim in claims]}
