"""The forms of .github/ISSUE_TEMPLATE follow GitHub's schema, and what the site fills in is a field of the form."""

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from prunarium import paths
from prunarium.site.addresses import Addresses

FOLDER = paths.root() / ".github" / "ISSUE_TEMPLATE"
FORMS = {file.name: yaml.safe_load(file.read_text("utf-8")) for file in FOLDER.glob("*.yml") if file.stem != "config"}
TOP = {"name": str, "description": str, "body": list, "title": str, "labels": list, "assignees": list, "projects": list}
TEXTS = {"label": str, "description": str}
FIELD = TEXTS | {"placeholder": str, "value": str}
ATTRIBUTES = {
    "markdown": {"value": str},
    "input": FIELD,
    "textarea": FIELD | {"render": str},
    "dropdown": TEXTS | {"options": list, "multiple": bool, "default": int},
    "checkboxes": TEXTS | {"options": list},
}
REQUIRED = {
    "markdown": {"value"},
    "input": {"label"},
    "textarea": {"label"},
    "dropdown": {"label", "options"},
    "checkboxes": {"label", "options"},
}
NOT_A_FIELD = {"template", "title", "labels", "assignees", "projects", "milestone"}


def typed(found, kinds):
    """Every key is known and of its kind; texts are not empty."""
    return all(
        name in kinds and isinstance(value, kinds[name]) and (value is False or value == 0 or bool(value))
        for name, value in found.items()
    )


def fields(form):
    return {element["id"]: element for element in form["body"] if "id" in element}


def test_there_is_a_form_for_each_need():
    assert FORMS.keys() == {"correction.yml", "new-method.yml", "new-paper.yml", "not-reproduced.yml"}
    assert len({form["name"] for form in FORMS.values()}) == len(FORMS)


@pytest.mark.parametrize("name", sorted(FORMS))
def test_a_form_follows_the_schema(name):
    form = FORMS[name]
    assert {"name", "description", "body"} <= form.keys()
    assert typed(form, TOP)
    ids, labels = [], []
    for element in form["body"]:
        kind, attributes = element["type"], element["attributes"]
        assert element.keys() <= {"type", "id", "attributes", "validations"}
        assert typed(attributes, ATTRIBUTES[kind])
        assert REQUIRED[kind] <= attributes.keys()
        assert typed(element.get("validations", {}), {"required": bool})
        if kind == "markdown":
            assert element.keys() == {"type", "attributes"}
            continue
        ids.append(element["id"])
        labels.append(attributes["label"])
        assert re.fullmatch(r"[A-Za-z0-9_-]+", element["id"])
        options = attributes.get("options", [])
        if kind == "dropdown":
            assert all(isinstance(option, str) for option in options)
            assert "None" not in options
        if kind == "checkboxes":
            assert all(typed(option, {"label": str, "required": bool}) and "label" in option for option in options)
            assert "validations" not in element
        assert len({str(option) for option in options}) == len(options)
    assert ids
    assert len(set(ids)) == len(ids)
    assert len(set(labels)) == len(labels)


def test_the_chooser_follows_the_schema():
    found = yaml.safe_load((FOLDER / "config.yml").read_text("utf-8"))
    assert found.keys() <= {"blank_issues_enabled", "contact_links"}
    assert isinstance(found["blank_issues_enabled"], bool)


def test_an_address_is_filled_in_and_escaped():
    found = Addresses("https://a.example/", "https://b.example/r/").issue("correction", record="a&b=c d", title="é?")
    assert found.startswith("https://b.example/r/issues/new?template=correction.yml&")
    assert parse_qs(urlsplit(found).query) == {"template": ["correction.yml"], "record": ["a&b=c d"], "title": ["é?"]}


def links(site, file):
    """What a page links to in the repository; addresses are escaped as all of HTML."""
    start = re.escape(site.content.addresses.repository)
    return [unescape(link) for link in re.findall(f'href="({start}[^"]*)"', file.read_text("utf-8"))]


def test_what_the_site_fills_in_is_a_field(site):
    start, used = site.content.addresses.repository + "issues/new", set()
    for file in site.folder.rglob("*.html"):
        for link in links(site, file):
            if link.startswith(start):
                query = parse_qs(urlsplit(link).query)
                (form,) = query.pop("template")
                used.add(form)
                # GitHub fills in texts; it takes no choice of a list from an address.
                kinds = {fields(FORMS[form]).get(one, {}).get("type") for one in query.keys() - NOT_A_FIELD}
                assert kinds <= {"input", "textarea"}, (file, link)
    assert {"correction.yml", "not-reproduced.yml"} <= used <= FORMS.keys()


def test_every_paper_asks_for_corrections_of_itself(site):
    addresses = site.content.addresses
    for paper in site.content.catalogue:
        found = links(site, site.folder / "papers" / paper.id / "index.html")
        assert addresses.issue("correction", title=f"Correction: {paper.id}", record=paper.id) in found
        assert addresses.source(f"catalog/papers/{paper.id}.yaml") in found
