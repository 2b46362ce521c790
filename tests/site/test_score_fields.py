"""The page that says what a score record holds: every field, with its meaning, from the model."""

import re

import pytest
from pydantic import BaseModel

from prunarium import paths
from prunarium.records import MeasuredScore
from prunarium.site import content
from prunarium.site.pages.score_fields import models, pages, parts

MODELS = models(MeasuredScore)


def page() -> str:
    return pages(content.read(paths.root()))["guide/scores.md"].decode()


def test_every_part_of_a_record_is_found() -> None:
    names = [model.__name__ for model in MODELS]
    assert names[0] == "MeasuredScore" and len(set(names)) == len(names)
    assert set(names) == {"MeasuredScore", "Quality", "Cost", "Speed", "Environment", "Interval"}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_field_has_a_meaning(model: type[BaseModel]) -> None:
    assert model.__doc__
    without = [name for name, field in model.model_fields.items() if not (field.description or "").strip()]
    assert without == []


def test_every_field_is_on_the_page() -> None:
    text = page()
    for part, model in zip(parts(), MODELS, strict=True):
        section = text.split(f'<h2 id="{part.name.lower()}">')[1].split("<h2")[0]
        shown = re.findall(r'<th scope="row" data-label="Field"><code>(\w+)</code>', section)
        assert shown == list(model.model_fields)


def test_links_between_parts_lead_somewhere() -> None:
    text = page()
    links, places = set(re.findall(r'href="#([^"]+)"', text)), set(re.findall(r'<h2 id="([^"]+)"', text))
    assert links == places - {"measuredscore"}


def test_a_list_of_parts_leads_to_the_part() -> None:
    (record, *_) = parts()
    holds = {field.row.name: (field.row.type, field.holds) for field in record.fields if field.holds}
    assert holds["speed"] == ("list[Speed]", "Speed")
    assert holds["quality"] == ("Quality | None", "Quality")
