"""The JSON files: their schemas hold, and they say what the records say."""

import json
from dataclasses import replace

import jsonschema
import pytest

from prunarium import paths
from prunarium.records import Paper
from prunarium.site.api_shapes import SHAPES
from prunarium.site.documents import documents

LIBRARY = jsonschema.Draft202012Validator


@pytest.fixture(scope="module")
def files(everything):
    return documents(everything)


@pytest.mark.parametrize("name", SHAPES)
def test_a_file_has_the_shape_that_its_schema_says(everything, files, name):
    schema = json.loads(files[f"api/schemas/{name}.schema.json"])
    LIBRARY.check_schema(schema)
    assert schema["$id"] == f"{everything.addresses.site}api/schemas/{name}.schema.json"
    data = json.loads(files[f"api/{name}.json"])
    LIBRARY(schema).validate(data)
    assert data["schema_version"] == 1
    wrong = {**data, "schema_version": 2}
    assert [error.path[0] for error in LIBRARY(schema).iter_errors(wrong)] == ["schema_version"]
    assert list(LIBRARY(schema).iter_errors({**data, "more": 1})), "the schema knows every field"


@pytest.mark.parametrize("name", SHAPES)
def test_hostile_and_missing_records_have_that_shape_too(everything, odd, files, name):
    schema = json.loads(files[f"api/schemas/{name}.schema.json"])
    empty = replace(everything, catalogue=replace(everything.catalogue, papers_by_id={}), methods=())
    LIBRARY(schema).validate(json.loads(documents(empty)[f"api/{name}.json"]))
    if name not in ("papers", "reported"):  # the records themselves refuse what is hostile there
        LIBRARY(schema).validate(json.loads(documents(odd)[f"api/{name}.json"]))


def test_the_schemas_of_the_repository_are_published_as_they_are(files):
    for path in (paths.root() / "catalog" / "schemas").glob("*.json"):
        assert files[f"api/schemas/records/{path.name}"] == path.read_bytes()


def test_papers_are_whole(everything, files):
    data = json.loads(files["api/papers.json"])
    added = {"url", "page", "methods"}
    assert data["count"] == len(everything.catalogue)
    for paper, record in zip(everything.catalogue, data["papers"], strict=True):
        assert Paper.model_validate({name: value for name, value in record.items() if name not in added}) == paper
        assert record["page"] == f"papers/{paper.id}/"


def test_scores_and_claims_are_those_of_the_methods(everything, files):
    methods = json.loads(files["api/methods.json"])["methods"]
    scores = json.loads(files["api/scores.json"])["scores"]
    assert scores == [score for method in methods for score in method["measured"]]
    reported = json.loads(files["api/reported.json"])["reported"]
    assert len(reported) == sum(len(method["reported"]) for method in methods)
    assert sum(len(row["claims"]) for row in reported) == sum(len(method["claims"]) for method in methods)
    assert {row["method"] for row in reported} <= {method["id"] for method in methods}


def test_the_taxonomy_counts_the_papers(everything, files):
    data = json.loads(files["api/taxonomy.json"])
    assert sum(venue["papers"] for venue in data["venues"]) == sum(
        paper.venue is not None for paper in everything.papers
    )
    assert sum(kind["papers"] for kind in data["kinds"]) == len(everything.papers)
    merging = next(one for one in data["categories"] if one["id"] == "token-merging")
    assert merging["papers"] == len(everything.catalogue.filter(category="token-merging"))
    assert merging["page"] == "categories/token-merging/"
