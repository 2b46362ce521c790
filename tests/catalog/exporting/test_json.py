"""The JSON export and the site's JSON are one shape."""

import json

from prunarium.catalog.exporting import json_records
from prunarium.registry import find_card, methods_of_papers
from prunarium.site.addresses import Addresses
from prunarium.site.api import documents
from prunarium.site.content import Content, Method
from prunarium.site.parameters import Parameters

ADDRESSES = Addresses("https://example.org/", "https://example.org/code/")


def test_the_export_is_what_the_site_publishes(catalogue) -> None:
    methods = methods_of_papers()
    cards = [find_card(name) for names in methods.values() for name in names]
    content = Content(catalogue, tuple(Method(card, Parameters(())) for card in cards), ADDRESSES)
    published = json.loads(documents(content)["api/papers.json"])
    assert json.loads(json_records.text(catalogue, catalogue, methods)) == published
    assert published["count"] == len(catalogue)
    assert [record["methods"] for record in published["papers"] if record["id"] == "tome"] == [["tome"]]
