"""The JSON Schemas: the committed ones are what the models say."""

import json
from pathlib import Path

import pytest

from prunarium import paths
from prunarium.catalog.places import schema_path
from prunarium.catalog.schemas import MODELS, schema_text, stale, write_schemas
from prunarium.errors import PrunariumError
from prunarium.records.base import ARXIV_PATTERN


def test_the_committed_schemas_are_current() -> None:
    assert stale(paths.root()) == [], "run 'prunarium schemas'"


def test_only_stale_schemas_are_written(tmp_path: Path) -> None:
    assert len(write_schemas(tmp_path)) == len(MODELS) >= 8
    assert write_schemas(tmp_path) == []
    schema_path(tmp_path, "card").write_text("{}")
    assert write_schemas(tmp_path) == [schema_path(tmp_path, "card")]


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "catalog").write_text("in the way")
    with pytest.raises(PrunariumError, match=r"\.schema\.json: cannot be written \(Not a directory\); check"):
        write_schemas(tmp_path)


def test_a_schema_tells_editors_what_the_models_check() -> None:
    paper = json.loads(schema_text("paper"))
    assert paper["additionalProperties"] is False
    assert set(paper["required"]) == {"id", "title", "year", "kind"}
    arxiv = paper["$defs"]["Identifiers"]["properties"]["arxiv"]["anyOf"][0]
    assert arxiv == {"type": "string", "pattern": ARXIV_PATTERN}
    status = paper["$defs"]["VenueReference"]["properties"]["status"]
    assert status["enum"] == ["published", "accepted", "submitted", "preprint"]
