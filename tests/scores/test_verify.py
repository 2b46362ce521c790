"""Records measured again: true ones hold, and whatever is false in one is named."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from prunarium import registry
from prunarium.bench.prompt_workload import PromptWorkload
from prunarium.bench.verification import SPEED_BAND, Again, Verification, cheapest, verify
from prunarium.bench.workload import Workload
from prunarium.records import MeasuredScore
from tests.command_line import Done
from tests.scores.conftest import altered, only, write

Run = Callable[..., Done]
QUANTITIES = [
    "accuracy, untouched",
    "accuracy, difference",
    "accuracy, untouched answers",
    "accuracy, answers",
    "MACs, untouched",
    "MACs",
    "MACs of its own",
    "tokens, untouched",
    "tokens per block",
]


def again(folder: Path, score: MeasuredScore, how: Again | None = None) -> Verification:
    return verify(str(folder), only(folder)[0], score, how or Again())


@pytest.fixture(scope="module")
def topk(measured: Path) -> tuple[Path, MeasuredScore]:
    return measured / "topk-cls", only(measured / "topk-cls")[1]


@pytest.mark.parametrize("name", ["tome", "topk-cls", "random"])
def test_a_true_record_holds_bit_by_bit(measured: Path, name: str) -> None:
    for path, score in registry.measured_files(str(measured / name)).items():
        found = verify(str(measured / name), path, score, Again())
        assert found.verdict == "passed", found
        assert [check.quantity for check in found.checks] == QUANTITIES
        assert all(check.verdict == "passed" and check.expected for check in found.checks)
        assert all(check.got == check.expected for check in found.checks if check.quantity != "accuracy, difference")


def test_records_of_one_benchmark_share_its_model_and_what_that_answered(measured: Path) -> None:
    made: dict[str, Workload | PromptWorkload] = {}
    for name in ("tome", "topk-cls"):
        path, score = only(measured / name)
        assert verify(str(measured / name), path, score, Again(), made=made).verdict == "passed"
    (workload,) = made.values()
    assert isinstance(workload, Workload) and list(workload.answered) == [score.environment.threads]
    for answers in workload.answered.values():
        answers.said[:] = answers.said[:1]
    found = verify(str(measured / name), path, score, Again(), made=made)
    assert [check.quantity for check in found.checks if check.verdict == "failed"][:1] == ["accuracy, untouched"]


def test_the_threads_are_left_as_they_were(topk: tuple[Path, MeasuredScore]) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(threads + 1)
    try:
        assert again(*topk).verdict == "passed", "with the threads of the record"
        assert torch.get_num_threads() == threads + 1
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize(
    "changes, quantity",
    [
        ({"quality__difference_low": 0.5, "quality__difference_high": 0.6}, "accuracy, difference"),
        ({"quality__answers": "0" * 64}, "accuracy, answers"),
        ({"quality__answers_baseline": "0" * 64}, "accuracy, untouched answers"),
        ({"quality__baseline": 0.5}, "accuracy, untouched"),
        ({"cost__macs_baseline": 16_090_497}, "MACs, untouched"),
        ({"cost__macs": 1}, "MACs"),
        ({"cost__macs_own": 1}, "MACs of its own"),
        ({"cost__tokens_baseline": [65, 65, 65, 65, 65, 64]}, "tokens, untouched"),
        ({"cost__tokens__5": 1.5}, "tokens per block"),
    ],
)
def test_what_is_false_is_named(topk: tuple[Path, MeasuredScore], changes: dict[str, Any], quantity: str) -> None:
    folder, score = topk
    found = again(folder, altered(score, **changes))
    assert found.verdict == "failed"
    assert [check.quantity for check in found.checks if check.verdict == "failed"] == [quantity]
    (check,) = [check for check in found.checks if check.verdict == "failed"]
    assert check.expected != check.got


def test_other_answers_are_no_fault_of_another_version(topk: tuple[Path, MeasuredScore]) -> None:
    folder, score = topk
    changes = {"environment__versions__torch": "0.1", "environment__device": "Abacus"}
    found = again(folder, altered(score, quality__answers="0" * 64, **changes))
    answers = next(check for check in found.checks if check.quantity == "accuracy, answers")
    assert (found.verdict, answers.verdict) == ("passed", "skipped")
    here = score.environment
    assert answers.note == (f"may differ: device {here.device}, was Abacus, torch {here.versions['torch']}, was 0.1")


@pytest.mark.parametrize("baseline, verdict", [(-0.02, "passed"), (-0.3, "failed")])
def test_elsewhere_the_untouched_model_is_inside_its_binomial_interval(
    topk: tuple[Path, MeasuredScore], baseline: float, verdict: str
) -> None:
    folder, score = topk
    assert score.quality
    was = round(score.quality.baseline + baseline, 6)
    found = again(folder, altered(score, quality__baseline=was, environment__versions__torch="0.1"))
    check = next(check for check in found.checks if check.quantity == "accuracy, untouched")
    assert (found.verdict, check.verdict) == (verdict, verdict) and " to " in check.expected


def test_a_record_without_the_untouched_answers_is_held_to_the_rest(topk: tuple[Path, MeasuredScore]) -> None:
    folder, score = topk
    found = again(folder, altered(score, quality__answers_baseline=None))
    assert found.verdict == "passed"
    assert [check.quantity for check in found.checks] == [
        name for name in QUANTITIES if "untouched answers" not in name
    ]


@pytest.mark.parametrize(
    "changes, reason",
    [
        ({"method_version": 9}, "is of version 9 of the method, which is now 1"),
        ({"benchmark_revision": 9}, "is of revision 9 of cluttered-digits, here is 1"),
        ({"data_checksum": "0" * 64}, "other data: "),
        ({"weights": "sha256:" + "0" * 64}, "other weights: "),
        ({"benchmark": "imagenet", "model": "deit_small_patch16_224"}, "cannot be run here: imagenet needs"),
        ({"benchmark": "forgotten"}, "cannot be run here: there is no benchmark 'forgotten'"),
        ({"quality__samples": 3000}, "cannot be run here: --samples 3000: cluttered-digits has 2000"),
    ],
)
def test_what_cannot_be_run_here_is_skipped(
    topk: tuple[Path, MeasuredScore], changes: dict[str, Any], reason: str
) -> None:
    folder, score = topk
    found = again(folder, altered(score, **changes))
    assert (found.verdict, found.checks) == ("skipped", ())
    assert found.reason.startswith(reason), found.reason


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_record_of_another_device_kind_is_skipped(topk: tuple[Path, MeasuredScore]) -> None:
    folder, score = topk
    found = again(folder, altered(score, environment__device_kind="cuda", environment__device="H200"))
    assert (found.verdict, "there is no such device here" in found.reason) == ("skipped", True)


@pytest.mark.parametrize(
    "changes, reason",
    [
        ({"setting": "TopKCls(keep_rate=0.1, blocks=None)"}, "the parameters of the record make TopKCls(keep_rate="),
        ({"parameters": {"keep": 1}}, "has no parameter 'keep'"),
    ],
)
def test_a_record_that_does_not_say_what_ran_fails(
    topk: tuple[Path, MeasuredScore], changes: dict[str, Any], reason: str
) -> None:
    folder, score = topk
    found = again(folder, altered(score, **changes))
    assert found.verdict == "failed" and reason in found.reason


def test_a_method_that_breaks_fails(folders: Path) -> None:
    _, score = only(folders / "topk-cls")
    broken = folders / "broken" / "topk-cls"
    shutil.copytree(folders / "topk-cls", broken)
    code = (broken / "method.py").read_text()
    (broken / "method.py").write_text(
        code.replace("        kept = ", "        raise OSError('no\\nmore')\n        kept = ")
    )
    found = again(broken, score)
    assert (found.verdict, found.reason) == ("failed", "OSError: no more")


def test_speed_has_a_band(topk: tuple[Path, MeasuredScore]) -> None:
    folder, score = topk
    timed = Again(speed=True, seconds=0)
    wide = altered(score, speed__0__ratio__low=1e-3, speed__0__ratio__high=1e3)
    wrong = altered(wide, speed__1__ratio__low=900.0, speed__1__ratio__high=1000.0)
    found = again(folder, wrong, timed)
    checks = {check.quantity: check for check in found.checks}
    assert checks["speed ratio, batch 1"].verdict == "passed"
    slow = checks["speed ratio, batch 4"]
    assert (found.verdict, slow.verdict) == ("failed", "failed")
    assert slow.expected == f"{900 / SPEED_BAND:.2f}x to {1000 * SPEED_BAND:.2f}x"


def test_a_speed_of_another_device_is_not_timed(topk: tuple[Path, MeasuredScore]) -> None:
    folder, score = topk
    found = again(folder, altered(score, environment__device="Abacus"), Again(speed=True, seconds=0))
    checks = [check for check in found.checks if check.quantity.startswith("speed ratio")]
    assert found.verdict == "passed" and [check.verdict for check in checks] == ["skipped"] * 2
    assert {check.note for check in checks} == {f"timed on Abacus, here is {score.environment.device}"}


def test_the_cheapest_record_of_each_embedded_benchmark(measured: Path) -> None:
    records = registry.measured_files(str(measured / "tome"))
    (path,) = cheapest(records)
    assert records[path].cost.macs == min(score.cost.macs for score in records.values())
    stale = {
        path: altered(score, method_version=2) if score.cost.budget > 0.6 else score for path, score in records.items()
    }
    (path,) = cheapest(stale)
    assert stale[path].method_version == 2, "the newest version first, though it costs more"
    assert cheapest({path: altered(records[path], benchmark="imagenet")}) == {}


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_the_cheapest_record_is_one_that_can_be_measured_here(measured: Path) -> None:
    cheap, dear = sorted(registry.measured_files(str(measured / "tome")).items(), key=lambda one: one[1].cost.macs)
    elsewhere = altered(cheap[1], environment__device_kind="cuda", environment__device="H200")
    assert cheapest({cheap[0]: elsewhere, dear[0]: dear[1]}) == dict([dear])


def test_the_command_prints_expected_got_and_verdict(measured: Path) -> None:
    words = [sys.executable, "-m", "prunarium", "verify", "--fast", str(measured / "tome"), str(measured / "topk-cls")]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("expected") == 2 and "2 passed, 0 failed, 0 skipped, 0 missing" in done.stdout
    for quantity in QUANTITIES:
        assert done.stdout.count(f"\n  {quantity}  ") == 2


def test_a_false_record_is_exit_code_1(folders: Path, prunarium: Run) -> None:
    path, score = only(folders / "topk-cls")
    path.unlink()
    write(folders / "topk-cls", altered(score, cost__macs=score.cost.macs - 1))
    done = prunarium("verify", folders / "topk-cls", "--json")
    data = json.loads(done.out)
    assert (done.code, data["failed"], data["passed"]) == (1, 1, 0)
    failed = [check for check in data["records"][0]["checks"] if check["verdict"] == "failed"]
    assert [(check["quantity"], check["got"]) for check in failed] == [("MACs", f"{score.cost.macs:,}")]


def test_nothing_verified_is_exit_code_1(folders: Path, prunarium: Run) -> None:
    path, score = only(folders / "topk-cls")
    path.unlink()
    done = prunarium("verify", folders / "topk-cls")
    assert done.code == 1 and "missing  topk-cls on cluttered-digits: no record of its present version" in done.out
    write(folders / "topk-cls", altered(score, weights="random, torch seed 0"))
    done = prunarium("verify", folders / "topk-cls")
    assert done.code == 1 and "0 passed, 0 failed, 1 skipped, 1 missing" in done.out and "other weights" in done.out


def test_a_raised_version_without_a_new_measurement_is_exit_code_1(folders: Path, prunarium: Run) -> None:
    card = folders / "topk-cls" / "card.yaml"
    card.write_text(f"{card.read_text()}version: 2\n")
    done = prunarium("verify", "--fast", folders / "topk-cls", folders / "tome")
    assert (done.code, "1 passed, 0 failed, 1 skipped, 1 missing" in done.out) == (1, True), done
    assert "is of version 1 of the method, which is now 2" in done.out
    assert "missing  topk-cls on cluttered-digits" in done.out and "missing  tome" not in done.out


def test_a_method_of_two_families_needs_a_record_in_each(measured: Path, prunarium: Run) -> None:
    done = prunarium("verify", "--fast", measured / "random", "--json")
    data = json.loads(done.out)
    assert (done.code, data["passed"], data["failed"]) == (1, 1, 0)
    others = ("digit-grid", "storyworld-encoder", "storyworld-decoder", "storyworld-needle", "storyworld-perplexity")
    assert data["missing"] == [{"method": "random", "benchmark": benchmark} for benchmark in others]


def test_records_kept_elsewhere(measured: Path, tmp_path: Path, prunarium: Run) -> None:
    shutil.copytree(measured / "topk-cls" / "measured", tmp_path / "methods" / "topk-cls" / "measured")
    done = prunarium("verify", "--records", tmp_path)
    assert done.code == 0 and "1 passed, 0 failed, 0 skipped, 0 missing" in done.out
    done = prunarium("verify", "--records", tmp_path / "none")
    assert done.code == 1 and done.err.startswith("error: ") and len(done.err.splitlines()) == 1


def test_a_faulty_file_is_an_error_before_any_work(folders: Path, prunarium: Run) -> None:
    path, _ = only(folders / "tome")
    path.write_text('{"schema_version": 3}')
    done = prunarium("verify", folders / "random", folders / "tome")
    assert (done.code, done.out) == (1, "") and "update prunarium" in done.err and len(done.err.splitlines()) == 1
