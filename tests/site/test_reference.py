"""The references of Python and of the command line say all that there is, and nothing that is not."""

import ast
import importlib
import inspect
import re

import pytest
from typer.main import get_command

from prunarium.cli import app
from prunarium.site.command_tree import commands
from prunarium.site.pages import command_reference, python_reference
from prunarium.site.python_api import PACKAGES, packages


@pytest.fixture(scope="module")
def python(everything):
    return {path: page.decode() for path, page in python_reference.pages(everything).items()}


@pytest.fixture(scope="module")
def command_line(everything):
    return command_reference.pages(everything)["reference/commands.md"].decode()


def test_each_package_has_a_page_with_each_of_its_names(python):
    names = {package.name: [name.name for name in package.names] for package in packages()}
    assert set(names) == set(PACKAGES)
    for name, listed in names.items():
        assert listed == importlib.import_module(name).__all__
        page = python[f"reference/{name.partition('.')[2] or 'python'}.md"]
        assert set(re.findall(r'<h2 id="(\w+)"', page)) == {one.lower() for one in listed}


PUBLIC = [(package, name) for package in packages() for name in package.names]


@pytest.mark.parametrize(("package", "name"), PUBLIC, ids=[f"{package.name}.{name.name}" for package, name in PUBLIC])
def test_what_is_read_from_the_source_is_what_python_has(package, name):
    there = getattr(importlib.import_module(package.name), name.name)
    assert name.text
    if name.kind == "function":
        (definition,) = ast.parse(f"def {name.signature}: ...").body
        taken = [one.arg for one in ast.walk(definition) if isinstance(one, ast.arg)]
        assert sorted(taken) == sorted(inspect.signature(there).parameters)
        assert {row.name for row in name.rows} <= set(taken)
        assert inspect.getdoc(there).startswith(name.text.splitlines()[0])
    elif name.kind == "class":
        assert inspect.isclass(there)
        assert [member.name for member in name.members if not hasattr(there, member.name)] == []
    else:
        assert name.signature.startswith(f"{name.name} = ")


def test_what_the_issue_names_is_documented():
    by_name = {(package.name, name.name): name for package in packages() for name in package.names}
    assert by_name["prunarium", "load"].raises[0].name == "PrunariumError"
    method = by_name["prunarium.families", "TokenMethod"]
    assert {"apply", "reduce", "knob"} <= {member.name for member in method.members}
    handle = by_name["prunarium.families", "Handle"]
    assert {"report", "source", "restore", "remove"} <= {member.name for member in handle.members}
    rate = by_name["prunarium.families", "StagedMethod"].rows[0]
    assert (rate.name, rate.type, rate.default) == ("keep_rate", "float", "0.7")
    assert rate.text == "share of tokens kept at each stage"
    assert {"filter", "sort", "by_doi"} <= {member.name for member in by_name["prunarium.catalog", "Papers"].members}


def test_inner_links_lead_somewhere(python):
    places = {path: set(re.findall(r'id="([^"]+)"', page)) for path, page in python.items()}
    links = 0
    for path, page in python.items():
        for target in re.findall(r'href="#([^"]+)"', page):
            assert target in places[path]
            links += 1
        for other, target in re.findall(r'href="\.\./\.\./reference/(\w+)/#([^"]+)"', page):
            assert target in places[f"reference/{other}.md"]
            links += 1
    assert links > 100


def leaves(command, words=()):
    if not hasattr(command, "commands"):
        return {" ".join(words): command}
    return {
        name: one for word, inner in command.commands.items() for name, one in leaves(inner, (*words, word)).items()
    }


def test_every_command_with_every_option_is_there(command_line):
    there = leaves(get_command(app))
    found = {command.name: command for command in commands()}
    assert set(found) == set(there) and len(there) > 20
    for name, command in there.items():
        section = command_line.split(f'<h3 id="{name.replace(" ", "-")}">')[1].split("<h3")[0]
        shown = " ".join(re.findall(r'data-label="Option"><code class="pr-wrap">(.*?)</code>', section)).split()
        wanted = {option for one in command.params if one.param_type_name == "option" for option in one.opts}
        assert wanted <= {word.rstrip(",") for word in shown}, name


def test_every_command_has_a_group_and_a_sentence():
    assert [command.name for command in commands() if not command.group or not command.text.strip()] == []


def test_defaults_stand_with_their_options():
    since = next(option for command in commands() for option in command.options if "--since" in option.name)
    assert "default: 7d" in since.help
