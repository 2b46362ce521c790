"""JSON Schemas of the YAML and JSON files, made from the models, so that editors complete and check them."""

import json
from pathlib import Path

from prunarium.catalog.places import schema_path
from prunarium.catalog.writing import write_text
from prunarium.records import (
    Card,
    DistinctPapers,
    MeasuredScore,
    Paper,
    PaperLists,
    Record,
    ReportedOutside,
    ReportedScores,
    Taxonomy,
    TokenMaps,
    Venues,
)
from prunarium.records.sweep import Sweep

MODELS: dict[str, type[Record]] = {
    "paper": Paper,
    "venues": Venues,
    "taxonomy": Taxonomy,
    "lists": PaperLists,
    "distinct": DistinctPapers,
    "card": Card,
    "reported": ReportedScores,
    "reported-outside": ReportedOutside,
    "measured": MeasuredScore,
    "token-maps": TokenMaps,
    "sweep": Sweep,
}

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_text(name: str) -> str:
    """The JSON Schema of one kind of file."""
    schema = {"$schema": DIALECT, **MODELS[name].model_json_schema()}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def stale(root: Path) -> list[Path]:
    """The schema files that are missing or no longer what the models say."""
    paths = {name: schema_path(root, name) for name in MODELS}
    return [
        path
        for name, path in paths.items()
        if not path.is_file() or path.read_text(encoding="utf-8") != schema_text(name)
    ]


def write_schemas(root: Path) -> list[Path]:
    """Write the schema files that are not current, and return them."""
    outdated = stale(root)
    for name in MODELS:
        if (path := schema_path(root, name)) in outdated:
            write_text(path, schema_text(name))
    return outdated
