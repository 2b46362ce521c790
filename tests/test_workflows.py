"""The workflows of .github: what they run is there, and their actions are pinned."""

import re

import pytest
import yaml

from prunarium import paths

FOLDER = paths.root() / ".github" / "workflows"
# YAML 1.1 reads the key 'on' as true.
WORKFLOWS = {file.stem: yaml.safe_load(file.read_text("utf-8")) for file in FOLDER.glob("*.yml")}


def steps(workflow):
    return [step for job in WORKFLOWS[workflow]["jobs"].values() for step in job["steps"]]


def commands(workflow):
    return [step["run"] for step in steps(workflow) if "run" in step]


def using(workflow, action):
    return [step for step in steps(workflow) if step.get("uses", "").startswith(f"{action}@")]


@pytest.mark.parametrize("name", sorted(WORKFLOWS))
def test_a_workflow_is_pinned_and_asks_for_little(name):
    workflow = WORKFLOWS[name]
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"]
        for step in job["steps"]:
            assert ("run" in step) != ("uses" in step)
            if "uses" in step:
                assert re.fullmatch(r"actions/[a-z-]+@v[0-9]+", step["uses"])


def test_a_change_is_checked_as_everywhere():
    assert commands("ci") == [".ci/run"]
    assert (paths.root() / ".ci" / "run").stat().st_mode & 0o111
    assert WORKFLOWS["ci"][True].keys() == {"push", "pull_request"}


def test_main_is_published_at_the_address_that_pages_gives():
    names = [step.get("uses", step.get("run", "")).partition("@")[0] for step in steps("site")]
    order = ("actions/configure-pages", "make build-site", "actions/upload-pages-artifact", "actions/deploy-pages")
    places = [names.index(name) for name in order]
    assert places == sorted(places)
    assert 'echo "SITE_URL=${{ steps.pages.outputs.base_url }}/" >> "$GITHUB_ENV"' in commands("site")
    assert using("site", "actions/upload-pages-artifact")[0]["with"]["path"] == "build/site"
    assert WORKFLOWS["site"]["jobs"]["deploy"]["permissions"] == {"pages": "write", "id-token": "write"}
    assert "refs/heads/main" in WORKFLOWS["site"]["jobs"]["deploy"]["if"]


def test_a_pull_request_has_a_preview_and_deploys_nothing():
    (upload,) = using("site", "actions/upload-artifact")
    assert upload["if"] == "github.event_name == 'pull_request'"
    assert upload["with"]["path"] == "build/site"
    for name in ("configure-pages", "upload-pages-artifact"):
        assert using("site", f"actions/{name}")[0]["if"] == "github.event_name != 'pull_request'"
    assert "github.event_name != 'pull_request'" in WORKFLOWS["site"]["jobs"]["deploy"]["if"]


def test_the_targets_and_scripts_that_workflows_name_are_there():
    makefile = (paths.root() / "Makefile").read_text("utf-8")
    for name in WORKFLOWS:
        for command in commands(name):
            for target in re.findall(r"^make ([a-z-]+)$", command, re.MULTILINE):
                assert f"\n{target}:" in makefile
            for script in re.findall(r"scripts/\w+\.py", command):
                assert (paths.root() / script).is_file()
