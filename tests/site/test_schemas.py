"""The pages that say what each kind of file holds: every field, with its meaning, from the model."""

import re

import pytest

from prunarium.catalog.schemas import MODELS
from prunarium.records import MeasuredScore
from prunarium.site.pages.schemas import FOLDER, KINDS, models, pages, parts

ALL = [(kind, model) for kind in KINDS for model in models(kind.model)]


@pytest.fixture(scope="module")
def made(everything):
    return {path: page.decode() for path, page in pages(everything).items()}


def test_each_kind_of_file_has_a_page(made) -> None:
    assert [kind.id for kind in KINDS] == list(MODELS)
    assert set(made) == {f"{FOLDER}index.md", *(f"{FOLDER}{kind.id}.md" for kind in KINDS)}
    assert re.findall(r'<a href="([\w-]+)/">', made[f"{FOLDER}index.md"]) == [kind.id for kind in KINDS]


def test_every_part_of_a_record_is_found() -> None:
    names = [model.__name__ for model in models(MeasuredScore)]
    assert names[0] == "MeasuredScore" and len(set(names)) == len(names)
    assert set(names) == {
        "MeasuredScore",
        "Quality",
        "Cost",
        "Cache",
        "Speed",
        "Decode",
        "Environment",
        "Foretelling",
        "Interval",
    }


@pytest.mark.parametrize(("kind", "model"), ALL, ids=[f"{kind.id}-{model.__name__}" for kind, model in ALL])
def test_every_field_has_a_meaning_and_is_on_the_page(kind, model, made) -> None:
    assert model.__doc__
    without = [name for name, field in model.model_fields.items() if not (field.description or "").strip()]
    assert without == []
    section = made[f"{FOLDER}{kind.id}.md"].split(f'<h2 id="{model.__name__.lower()}">')[1].split("<h2")[0]
    shown = re.findall(r'<th scope="row" data-label="Field"><code>(\w+)</code>', section)
    assert shown == list(model.model_fields)
    required = re.findall(r"<code>(\w+)</code><small>required</small>", section)
    assert required == [name for name, field in model.model_fields.items() if field.is_required()]


def test_links_between_parts_lead_somewhere(made) -> None:
    for kind in KINDS:
        text = made[f"{FOLDER}{kind.id}.md"]
        links, places = set(re.findall(r'href="#([^"]+)"', text)), re.findall(r'<h2 id="([^"]+)"', text)
        assert links == set(places[1:])


def test_a_list_of_parts_leads_to_the_part() -> None:
    (record, *_) = parts(MeasuredScore)
    holds = {field.row.name: (field.row.type, field.holds) for field in record.fields if field.holds}
    assert holds["speed"] == ("list[Speed]", "Speed")
    assert holds["quality"] == ("Quality | None", "Quality")
