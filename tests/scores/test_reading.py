"""Reading records: what is wrong with a file is said in one line, and nothing wrong is read as a score."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from prunarium import PrunariumError, registry
from prunarium.catalog.validate import validate
from tests.command_line import Done
from tests.scores.conftest import altered, only, write


def edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def faults(folders: Path) -> list[str]:
    return [fault for fault in validate(folders.parent) if "measured" in fault]


def fails(folder: Path, said: str) -> None:
    with pytest.raises(PrunariumError) as error:
        registry.measured_scores(str(folder))
    assert said in str(error.value) and "\n" not in str(error.value)


def test_scores_in_order_of_their_files(folders: Path) -> None:
    files = registry.measured_files(str(folders / "tome"))
    assert list(files) == sorted((folders / "tome" / "measured").glob("*.json"))
    assert registry.measured_scores(str(folders / "tome")) == list(files.values())
    assert {score.method for score in files.values()} == {"tome"} and len(files) == 2
    assert faults(folders) == []


@pytest.mark.parametrize(
    "version, said",
    [
        (3, "is of schema version 3, newer than 2: update prunarium to read it"),
        (1, "is of schema version 1, older than 2: measure it again"),
    ],
)
def test_another_schema_version_is_one_line(folders: Path, version: int, said: str) -> None:
    path, _ = only(folders / "tome")
    path.write_text(json.dumps({"schema_version": version, "a_field_of_that_version": 1}))
    fails(folders / "tome", f"{path}:1: {said}")
    assert faults(folders) == [f"methods/tome/measured/{path.name}:1: {said}"]


def test_one_cell_with_two_results(folders: Path) -> None:
    path, score = only(folders / "topk-cls")
    other = write(folders / "topk-cls", altered(score, cost__macs=score.cost.macs + 1), name="later")
    assert other.stem.endswith(score.key), "the result is no part of the key"
    said = f"is also that of {path}, with other content; keep one of the two files"
    fails(folders / "topk-cls", f"{other}: key: {said}")
    place = json.dumps(json.loads(other.read_text()), indent=1).splitlines()
    line = next(number for number, text in enumerate(place, start=1) if '"key"' in text)
    name = f"methods/topk-cls/measured/{path.name}"
    assert faults(folders) == [
        f"methods/topk-cls/measured/{other.name}:{line}: key: is also that of {name}, with other content; "
        "keep one of the two files"
    ]


def test_a_copy_counts_once(folders: Path) -> None:
    _, score = only(folders / "topk-cls")
    write(folders / "topk-cls", score, name="copy")
    assert registry.measured_scores(str(folders / "topk-cls")) == [score]


def test_a_record_changed_by_hand(folders: Path) -> None:
    path, score = only(folders / "tome")
    edit(path, seed=score.seed + 7)
    fails(folders / "tome", "changed by hand? measure it again")
    (fault,) = faults(folders)
    assert fault.startswith(f"methods/tome/measured/{path.name}:") and "changed by hand?" in fault


def test_a_renamed_record(folders: Path) -> None:
    path, score = only(folders / "topk-cls")
    path.rename(path.with_name("best.json"))
    (fault,) = faults(folders)
    assert f"key: is '{score.key}', but the name of the file ends otherwise; rename the file" in fault


@pytest.mark.parametrize(
    "content, said",
    [("", "is not JSON"), ('{"method": "tome"', "is not JSON"), ("[]", ":1: "), ('{"method": "tome"}', "is missing")],
)
def test_a_file_that_is_no_record(folders: Path, content: str, said: str) -> None:
    path, _ = only(folders / "tome")
    path.write_text(content)
    fails(folders / "tome", said)
    fails(folders / "tome", str(path))
    assert faults(folders)


def test_filters(folders: Path) -> None:
    names = [str(folders / name) for name in ("tome", "random")]
    assert len(registry.measured_of(names)) == 4
    assert len(registry.measured_of(names, "cluttered-digits", "vit")) == 4
    assert registry.measured_of(names, family="vlm") == []
    with pytest.raises(PrunariumError, match=r"there is no family 'vitt' \(did you mean 'vit'\?\): vit or vlm"):
        registry.measured_of(names, family="vitt")
    with pytest.raises(PrunariumError, match=r"nothing was measured on 'cluttered' \(did you mean 'cluttered-digits'"):
        registry.measured_of(names, benchmark="cluttered")


def raise_version(folder: Path) -> None:
    card = folder / "card.yaml"
    card.write_text(f"{card.read_text()}version: 2\n")


def test_scores_of_an_earlier_version_are_apart(folders: Path) -> None:
    names = [str(folders / name) for name in ("tome", "topk-cls")]
    before = registry.measured_of(names)
    assert len(before) == 3 and registry.outdated_of(names) == []
    raise_version(folders / "tome")
    assert {score.method for score in registry.measured_of(names)} == {"topk-cls"}
    assert {score.method for score in registry.outdated_of(names)} == {"tome"}
    assert len(registry.measured_scores(names[0])) == 2, "which are still there to be read"


def test_commands_say_which_scores_are_of_an_earlier_version(folders: Path, prunarium: Callable[..., Done]) -> None:
    raise_version(folders / "tome")
    names = [folders / name for name in ("tome", "topk-cls", "random")]
    done = prunarium("compare", *names, "--budget", 0.5)
    assert done.code == 0 and "tome at budget" in done.out
    assert "is of version 1 of the method, which has changed: measure it again (2 scores)" in done.out
    done = prunarium("scores", *names)
    assert "ToMe(" not in done.out and "left out: 2 scores of earlier versions" in done.err


def test_commands_read_records_kept_elsewhere(measured: Path, tmp_path: Path, prunarium: Callable[..., Done]) -> None:
    for name in ("topk-cls", "random"):
        shutil.copytree(measured / name / "measured", tmp_path / "methods" / name / "measured")
    kept = ("--records", tmp_path)
    compared = json.loads(prunarium("compare", *kept, "--budget", 0.5, "--json").out)
    assert {row["method"] for row in compared["rankings"][0]["rows"]} == {"topk-cls", "random"}
    assert compared["left_out"] == []
    assert json.loads(prunarium("scores", *kept, "--json").out)["count"] == 3
    assert prunarium("plot", *kept, "-o", tmp_path / "a.svg").out.startswith("picture of 3 scores: ")
    held = json.loads(prunarium("claims", "evit", *kept, "--json").out)
    assert {claim["status"] for claim in held} == {"not comparable"}, "nothing was counted there"
    for command in ("compare", "scores", "plot", "claims", "verify"):
        done = prunarium(command, "--records", tmp_path / "nowhere")
        assert done.code == 1 and "nowhere: holds no records" in done.err and len(done.err.splitlines()) == 1
