"""``prunarium scores``: every format is read back by the library that it is for."""

import csv
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pandas
import pytest
import yaml
from huggingface_hub import EvalResult
from huggingface_hub.repocard_data import model_index_to_eval_results

from prunarium import PrunariumError
from prunarium.bench.score_tables import score_table
from prunarium.bench.score_tables.model_facts import model_facts
from prunarium.records import MeasuredScore
from prunarium.registry import measured_of
from tests.command_line import Done
from tests.scores.conftest import altered

Run = Callable[..., Done]
DEIT_SMALL = 4_598_882_304  # multiply-accumulates with its thousand classes


@pytest.fixture(scope="module")
def scores(measured: Path) -> list[MeasuredScore]:
    return measured_of([str(folder) for folder in sorted(measured.iterdir())])


def test_json_holds_the_records_whole(scores: list[MeasuredScore]) -> None:
    data = json.loads(score_table("json", scores))
    assert data["count"] == len(scores) == 5
    assert [MeasuredScore.model_validate(record) for record in data["scores"]] == scores


def test_plain_csv_has_the_records_own_names_and_numbers(scores: list[MeasuredScore]) -> None:
    untimed = altered(scores[0], benchmark=None, quality=None, speed=[])
    table = pandas.read_csv(io.BytesIO(score_table("csv", [*scores, untimed])), dtype={"key": str})
    assert len(table) == sum(len(score.speed) for score in scores) + 1
    score = scores[0]
    assert score.quality and score.quality.difference_low < 0, "a number below zero is a number"
    rows = table[: len(score.speed)].to_dict("records")
    for row, speed in zip(rows, score.speed, strict=True):
        assert (row["key"], row["setting"], row["benchmark"]) == (score.key, score.setting, score.benchmark)
        assert row["quality.difference_low"] == score.quality.difference_low
        assert (row["cost.macs"], row["cost.budget"]) == (score.cost.macs, score.cost.budget)
        assert (row["speed.batch_size"], row["speed.ratio.median"]) == (speed.batch_size, speed.ratio.median)
        assert row["environment.device"] == score.environment.device
    last = table.iloc[-1]
    assert pandas.isna(last["quality.metric"]) and pandas.isna(last["speed.batch_size"])


def test_timm_csv_has_timms_columns_and_units(scores: list[MeasuredScore]) -> None:
    table = pandas.read_csv(io.BytesIO(score_table("timm-csv", scores)))
    assert len(table) == sum(len(score.speed) for score in scores)
    timm = ["model", "top1", "top1_err", "top5", "top5_err", "param_count", "img_size", "crop_pct", "interpolation"]
    timing = ["infer_img_size", "infer_samples_per_sec", "infer_step_time", "infer_batch_size", "infer_gmacs"]
    assert [*table.columns[:14]] == timm + timing
    score = scores[0]
    rows = table[table["key"] == score.key].to_dict("records")
    assert score.quality and [row["infer_batch_size"] for row in rows] == [1, 4]
    for row, speed in zip(rows, score.speed, strict=True):
        assert row["top1"] == pytest.approx(100 * score.quality.method)
        assert row["top1"] + row["top1_err"] == pytest.approx(100)
        assert row["infer_gmacs"] == pytest.approx(score.cost.macs / 1e9, abs=1e-4)
        assert row["infer_step_time"] == pytest.approx(speed.method_ms.median, abs=1e-3)
        per_second = row["infer_samples_per_sec"] * row["infer_step_time"] / 1e3
        assert per_second == pytest.approx(speed.batch_size, rel=0.01)
        assert (row["img_size"], row["method"], row["setting"]) == (32, score.method, score.setting)
    assert table["top5"].isna().all()


def test_timm_csv_of_a_timm_model_with_top_5_and_of_one_that_was_not_timed(scores: list[MeasuredScore]) -> None:
    assert scores[0].quality
    top5 = scores[0].quality.model_copy(update={"metric": "top-5", "method": 0.98}).model_dump()
    one = altered(
        scores[0],
        benchmark="imagenet",
        model="deit_small_patch16_224",
        other_quality=[top5],
        cost__macs_baseline=DEIT_SMALL,
    )
    untimed = altered(scores[0], model="a_model_of_nobody", benchmark=None, quality=None, speed=[])
    first, _, last = csv.DictReader(io.StringIO(score_table("timm-csv", [one, untimed]).decode()))
    facts = {name: first[name] for name in ("param_count", "img_size", "crop_pct", "interpolation", "top5", "top5_err")}
    assert facts == {
        "param_count": "22.05",
        "img_size": "224",
        "crop_pct": "0.9",
        "interpolation": "bicubic",
        "top5": "98.0",
        "top5_err": "2.0",
    }
    assert (last["model"], last["param_count"], last["top1"], last["infer_step_time"]) == (
        "a_model_of_nobody",
        *[""] * 3,
    )


def test_parameters_are_unknown_where_the_checkpoint_has_other_classes() -> None:
    width, other_classes = 384, 10
    facts = model_facts("deit_small_patch16_224", "image-folder", DEIT_SMALL - width * (1000 - other_classes))
    assert (facts.param_count, facts.img_size) == (None, 224)
    assert model_facts("deit_small_patch16_224", "image-folder", DEIT_SMALL).param_count == 22_050_664


def test_facts_of_a_model_at_another_image_size() -> None:
    scores = [score for score in measured_of(["evit"]) if score.model == "vit_huge_patch14_224@518"]
    facts = model_facts(scores[0].model, None, scores[0].cost.macs_baseline)
    assert facts.img_size == 518 and facts.param_count and facts.param_count > 600_000_000


def test_facts_of_an_embedded_vision_language_model() -> None:
    facts = model_facts("digit-grid", "digit-grid", 1)
    assert facts.img_size == 48 and facts.param_count and 100_000 < facts.param_count < 1_000_000


def test_parquet_gives_the_records_back(scores: list[MeasuredScore], tmp_path: Path) -> None:
    path = tmp_path / "scores.parquet"
    path.write_bytes(score_table("parquet", scores))
    table = pandas.read_parquet(path)
    assert list(table["key"]) == [score.key for score in scores]
    assert table["quality.method"].tolist() == [score.quality and score.quality.method for score in scores]
    assert [json.loads(text) for text in table["parameters"]] == [score.parameters for score in scores]
    first = table.iloc[0]
    assert list(first["cost.tokens"]) == scores[0].cost.tokens
    assert [speed["ratio"]["median"] for speed in first["speed"]] == [one.ratio.median for one in scores[0].speed]
    assert first["environment.versions.torch"] == scores[0].environment.versions["torch"]
    leaves = {name.partition(".")[0] for name in table.columns}
    assert leaves == set(MeasuredScore.model_fields)


def test_parquet_of_scores_without_quality(scores: list[MeasuredScore]) -> None:
    both = [altered(scores[0], quality=None, benchmark=None), scores[1]]
    table = pandas.read_parquet(io.BytesIO(score_table("parquet", both)))
    assert table["quality.method"].isna().tolist() == [True, False]


@pytest.mark.parametrize("missing", ["pandas", "pyarrow"])
def test_parquet_without_its_packages(
    scores: list[MeasuredScore], monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(PrunariumError, match=rf"needs {missing}.*pip install 'prunarium\[parquet\]'"):
        score_table("parquet", scores)


def test_hugging_face_reads_its_results_back(scores: list[MeasuredScore]) -> None:
    index = yaml.safe_load(score_table("hf", scores))["model-index"]
    found: dict[str, EvalResult] = {}
    for entry in index:
        name, results = model_index_to_eval_results([entry])
        assert name == entry["name"]
        found |= {result.metric_args["key"]: result for result in results if result.metric_args}
    assert set(found) == {score.key for score in scores}
    for score in scores:
        result = found[score.key]
        assert score.quality and result.metric_value == score.quality.method
        assert (result.task_type, result.dataset_type) == ("image-classification", "cluttered-digits")
        assert (result.metric_type, result.dataset_revision) == ("accuracy", "1")
        assert result.metric_args and result.metric_args["untouched"] == score.quality.baseline


def test_hugging_face_has_the_hubs_own_names(scores: list[MeasuredScore]) -> None:
    assert scores[0].quality
    top5 = scores[0].quality.model_copy(update={"metric": "top-5", "method": 0.98}).model_dump()
    one = altered(scores[0], benchmark="imagenet", quality__metric="top-1", other_quality=[top5])
    (entry,) = yaml.safe_load(score_table("hf", [one]))["model-index"]
    _, results = model_index_to_eval_results([entry])
    assert [(result.dataset_type, result.metric_type) for result in results] == [
        ("imagenet-1k", "accuracy"),
        ("imagenet-1k", "top_5_accuracy"),
    ]
    assert [result.dataset_revision for result in results] == [None, None], "ours is no revision of the hub's"
    with pytest.raises(PrunariumError, match="none of these scores holds quality"):
        score_table("hf", [altered(scores[0], quality=None, benchmark=None)])


def test_the_table_of_the_terminal(measured: Path, prunarium: Run) -> None:
    done = prunarium("scores", measured / "tome", measured / "random")
    assert done.code == 0 and done.out.strip().endswith("4 scores")
    assert done.out.count("cluttered-digits") == 4 and "at batch 4" in done.out


def test_output_files(measured: Path, tmp_path: Path, prunarium: Run) -> None:
    path = tmp_path / "deep" / "scores.parquet"
    words = ("scores", measured / "tome", "--format", "parquet", "--output", path)
    assert prunarium(*words).out == f"2 scores in {path}\n"
    assert len(pandas.read_parquet(path)) == 2
    before = path.read_bytes()
    done = prunarium(*words)
    assert done.code == 1 and "exists already" in done.err and path.read_bytes() == before
    assert prunarium(*words, "--force").code == 0
    assert json.loads(prunarium("scores", measured / "tome", "--json").out)["count"] == 2
    assert prunarium("scores", measured / "tome", "-f", "timm-csv").out.startswith("model,top1,top1_err,")


def test_bad_input_is_one_line(measured: Path, tmp_path: Path, prunarium: Run) -> None:
    for words, said in (
        (["tome", "--format", "parket", "-o", tmp_path / "x"], "there is no format 'parket' (did you mean 'parquet'?)"),
        (["--format", "parquet"], "parquet is not text; give --output FILE"),
        (["--output", tmp_path / "x"], "a table is for the screen; give --format"),
        (["--json", "--format", "hf"], "are two formats; leave out one"),
        (["--format", "hf", "--output", tmp_path], "is a folder; give the path of a file"),
        (["--family", "vlm"], "no measured score fits"),
        (["--benchmark", "digits"], "nothing was measured on 'digits'"),
    ):
        names = [measured / "tome"] if words[0] != "tome" else [measured / words.pop(0)]
        done = prunarium("scores", *names, *words)
        assert (done.code, done.out) == (1, ""), done
        assert done.err.startswith("error: ") and said in done.err and len(done.err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
