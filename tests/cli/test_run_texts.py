"""``prunarium run``, ``bench``, ``compare`` and ``verify`` on text models and datasets from directories."""

import json

import pytest

from prunarium.bench.sweeps import read_sweep
from prunarium.records import MeasuredScore
from tests.bench.text_directories import (
    SENTENCE,
    questions,
    save_decoder,
    save_encoder,
    save_to_disk,
    sentiments,
    write_lines,
)

QUICK = ("--seconds", "0", "--threads", "1", "--batch-size", "2")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Models and datasets of each kind."""
    root = tmp_path_factory.mktemp("texts")
    save_encoder(root / "bert")
    save_encoder(root / "reader", "BertForQuestionAnswering")
    save_decoder(root / "llama")
    save_to_disk(root / "reviews", [{"review_text": row["text"], "stars": row["label"]} for row in sentiments()])
    write_lines(root / "squad.jsonl", questions(4)[:3])
    (root / "text.txt").write_text(SENTENCE * 80)
    return root


def test_columns_that_are_named(place, prunarium):
    words = ("run", "topk-received", "--benchmark", "text-classification", "--model", place / "bert", "--budget", "0.6")
    columns = ("--column", "text=review_text", "--column", "label=stars")
    done = prunarium(*words, "--data", place / "reviews", *columns, *QUICK, "--json")
    assert done.code == 0, done.err
    score = MeasuredScore.model_validate(json.loads(done.out))
    assert score.family == "encoder" and score.quality.metric == "accuracy" and score.model == "bert"
    assert "--column text=review_text --column label=stars" in score.command and score.data_checksum


def test_a_table_for_people(place, prunarium):
    words = ("run", "knorm", "--benchmark", "perplexity", "--model", place / "llama", "--data", place / "text.txt")
    done = prunarium(*words, "--samples", "1", "--param", "keep_rate=0.5", *QUICK)
    assert done.code == 0, done.err
    assert "perplexity, 64 tokens" in done.out and "next word, 1 samples" in done.out


@pytest.mark.slow
def test_a_benchmark_is_measured_and_compared(place, prunarium, tmp_path):
    words = ("--benchmark", "generative-qa", "--data", place / "squad.jsonl", "--records", tmp_path, *QUICK)
    done = prunarium("bench", "knorm", "random", "--model", place / "llama", "--budget", "0.5", *words)
    assert done.code == 0, done.err
    done = prunarium("compare", "--family", "decoder", "--benchmark", "generative-qa", "--records", tmp_path, "--json")
    assert done.code == 0, done.err
    [ranking] = json.loads(done.out)["rankings"]
    assert {row["method"] for row in ranking["rows"]} == {"knorm", "random"}
    assert ranking["condition"]["metric"] == "f1"
    own = ("--data", place / "squad.jsonl", "--checkpoint", place / "llama")
    done = prunarium("verify", "knorm", "--records", tmp_path, *own)
    assert "1 passed, 0 failed, 0 skipped" in done.out, (done.out, done.err)


@pytest.mark.slow
def test_perplexity_is_compared_and_verified(place, prunarium, tmp_path):
    words = ("--benchmark", "perplexity", "--data", place / "text.txt", "--records", tmp_path, *QUICK)
    done = prunarium("bench", "knorm", "random", "--model", place / "llama", "--budget", "0.5", *words)
    assert done.code == 0, done.err
    compared = ("compare", "--family", "decoder", "--benchmark", "perplexity", "--records", tmp_path)
    [ranking] = json.loads(prunarium(*compared, "--json").out)["rankings"]
    assert all(
        0 < row["perplexity_low"] <= row["perplexity_ratio"] <= row["perplexity_high"] for row in ranking["rows"]
    )
    assert "perplexity" in prunarium(*compared).out.split("rank", 1)[1].split("\n")[0]
    own = ("--data", place / "text.txt", "--checkpoint", place / "llama")
    done = prunarium("verify", "knorm", "--records", tmp_path, *own)
    assert "perplexity, ratio" in done.out and "1 passed, 0 failed" in done.out, (done.out, done.err)


def test_a_sweep_names_columns(place):
    sweep = place / "sweep.yaml"
    sweep.write_text(
        "grids: [{methods: [identity], benchmarks: [text-classification], models: [bert], data: reviews, "
        "columns: {text: review_text, label: stars}}]\n"
    )
    [cell] = read_sweep(sweep)
    assert cell.columns == {"text": "review_text", "label": "stars"} and cell.data == place / "reviews"


CLASSES = ("--benchmark", "text-classification", "--data", "{root}/reviews")
BAD = {
    "no such column": (
        ("--model", "{root}/bert", *CLASSES, "--column", "text=review"),
        "has no column 'review' (did you mean 'review_text'?); its columns are review_text, stars",
    ),
    "a column that nobody named": (
        ("--model", "{root}/bert", *CLASSES),
        "has no column 'text' for the text; its columns are review_text, stars; name the one that is meant: --column",
    ),
    "no such role": (
        ("--model", "{root}/bert", *CLASSES, "--column", "texts=stars"),
        "there is no 'texts' (did you mean",
    ),
    "half a column": (("--model", "{root}/bert", *CLASSES, "--column", "text"), "--column text: write it as role=name"),
    "a column of pictures": (("--column", "text=a"), "--column needs a benchmark on a dataset of texts"),
    "an unknown task": (
        ("--model", "{root}/bert", "--benchmark", "text-clasification", "--data", "{root}/reviews"),
        "there is no benchmark 'text-clasification' (did you mean 'text-classification'?)",
    ),
    "a model of another kind": (
        ("--model", "{root}/llama", *CLASSES, "--column", "text=review_text", "--column", "label=stars"),
        "is of type 'llama'; text classification needs a directory with a model of one of these types: bert, roberta",
    ),
    "a model without the head": (
        ("--model", "{root}/bert", "--benchmark", "extractive-qa", "--data", "{root}/squad.jsonl"),
        "its weights are not complete for extractive question answering: qa_outputs.bias and 1 more lack",
    ),
    "no data": (("--model", "{root}/bert", "--benchmark", "text-classification"), "needs --model and --data, such as"),
    "a timm model": (
        ("--model", "test_vit", *CLASSES),
        "text-classification needs the directory of a text model as --model",
    ),
    "an empty prompt": (
        ("--model", "{root}/llama", "--prompt", " "),
        "--prompt is empty: the tokenizer makes no token",
    ),
    "no prompt": (("--model", "{root}/llama"), "holds a text model, which needs a text: give --prompt, or --benchmark"),
    "a picture for text": (
        ("--model", "{root}/llama", "--image", "a.png"),
        "--image must be left out: the model reads text",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line(name, place, prunarium):
    words, said = BAD[name]
    done = prunarium("run", "random", *(word.format(root=place) for word in words), *QUICK)
    assert done.code == 1 and said in done.err, done.err
    assert done.err.startswith("error: ") and done.err.count("\n") == 1
