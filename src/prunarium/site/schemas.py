"""The JSON Schemas below ``api/schemas/``: of the files of the site, and of the records in the repository."""

import json

from prunarium.catalog.schemas import DIALECT, MODELS, schema_text
from prunarium.site.api_shapes import SHAPES
from prunarium.site.content import Content

_RECORDS = "api/schemas/records"


def schema_of(path: str) -> str | None:
    """The path of the schema that describes a file of the site."""
    name = path.removeprefix("api/").removesuffix(".json")
    return f"api/schemas/{name}.schema.json" if path == f"api/{name}.json" and name in SHAPES else None


def documents(content: Content) -> dict[str, bytes]:
    """Every schema, by its path in the docs tree."""
    made = {f"{_RECORDS}/{name}.schema.json": schema_text(name) for name in MODELS}
    for name, shape in SHAPES.items():
        path = f"api/schemas/{name}.schema.json"
        head = {"$schema": DIALECT, "$id": content.addresses.page(path)}
        # As it is written: a field that a record may leave out is there all the same, with its default.
        made[path] = json.dumps({**head, **shape.model_json_schema(mode="serialization")}, indent=2) + "\n"
    return {path: text.encode() for path, text in made.items()}
