"""``prunarium compare`` on records of real runs."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.command_line import Done

Run = Callable[..., Done]


def test_the_table(measured: Path, prunarium: Run) -> None:
    done = prunarium("compare", *sorted(measured.iterdir()))
    assert done.code == 0, done.err
    assert "budget 0.5: cluttered-digits revision 1, model cluttered-digits" in done.out and "100 samples" in done.out
    assert "threads, float32" in done.out
    words = [line.replace("≈", " ").split() for line in done.out.splitlines()]
    numbered = {cells[1]: " ".join(cells) for cells in words if cells and cells[0] in ("1", "2", "3")}
    rows = {name: row for name, row in numbered.items() if not name.endswith(":")}
    assert set(rows) == {"tome", "topk-cls", "random"}
    assert "(2 seeds)" in rows["random"]
    setting = numbered["random:"]
    assert "keep_rate=" in setting and "; 2 seeds, " in setting and "seed=" not in setting
    assert "fewer MACs" in done.out and all(row.count("x (") == 2 for row in rows.values())
    assert "needs the answers to every sample, which the records do not hold" in " ".join(done.out.split())
    assert "left out:\n  tome at budget 0.7" in done.out
    assert "nothing else on cluttered-digits to rank it with" in done.out


def test_json(measured: Path, prunarium: Run) -> None:
    done = prunarium("compare", measured / "tome", measured / "random", "--budget", 0.5, "--json")
    data = json.loads(done.out)
    (ranking,) = data["rankings"]
    assert [row["rank"] for row in ranking["rows"]] == [1, 2]
    assert {row["method"] for row in ranking["rows"]} == {"tome", "random"}
    assert [speed["batch_size"] for speed in ranking["rows"][0]["speed"]] == [1, 4]
    assert [(one["method"], one["scores"]) for one in data["left_out"]] == [("tome", 1)]


def test_nothing_comparable_is_exit_code_1(measured: Path, prunarium: Run) -> None:
    done = prunarium("compare", measured / "tome", "--budget", 0.3)
    assert done.code == 1 and "nothing to compare" in done.out
    assert "not within 1 % of 0.3 (2 scores)" in done.out
    done = prunarium("compare", measured / "tome", "--budget", 0.3, "--json")
    assert done.code == 1 and json.loads(done.out)["rankings"] == []


def test_a_method_without_a_fitting_score_is_named(measured: Path, folders: Path, prunarium: Run) -> None:
    for path in (folders / "tome" / "measured").iterdir():
        path.unlink()
    done = prunarium("compare", folders / "tome", measured / "topk-cls", measured / "random", "--budget", 0.5)
    assert done.code == 0 and "tome: no such score was measured" in done.out


def test_bad_input_is_one_line(measured: Path, folders: Path, prunarium: Run) -> None:
    broken = next((folders / "tome" / "measured").iterdir())
    broken.write_text('{"schema_version": 3}')
    for words, said in (
        (["tme"], "there is no method 'tme' (did you mean 'tome'?)"),
        ([folders / "tome"], f"{broken}:1: is of schema version 3, newer than 2: update prunarium"),
        ([measured / "tome", "--budget", 0], "a budget is above 0 and at most 1, not 0"),
        ([measured / "tome", "--budget", 1.5], "a budget is above 0 and at most 1, not 1.5"),
        ([measured / "tome", "--family", "cnn"], "there is no family 'cnn'"),
        ([measured / "tome", "--benchmark", "imagenet"], "nothing was measured on 'imagenet'"),
    ):
        done = prunarium("compare", *words)
        assert (done.code, done.out) == (1, "")
        assert done.err.startswith("error: ") and said in done.err and len(done.err.splitlines()) == 1


def test_it_does_without_torch(measured: Path) -> None:
    words = ["compare", str(measured / "tome"), str(measured / "random")]
    code = f"import sys; from prunarium.cli import app; app({words!r}, standalone_mode=False); "
    code += "sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0
