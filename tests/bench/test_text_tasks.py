"""What text models from directories are asked on datasets, how they answer, and how answers are judged."""

import json

import numpy as np
import pytest
import torch

from prunarium import PrunariumError, load
from prunarium.bench import storyworld
from prunarium.bench.answer_texts import ENDED, bare, right_answers, spelled
from prunarium.bench.perplexity import surprises
from prunarium.bench.quality import answer, compare_foretelling
from prunarium.bench.responses import right
from prunarium.bench.run import Run
from prunarium.bench.story_benchmarks import ENCODER_WORDS, class_scores, to_encode
from prunarium.bench.story_models import story_bert
from prunarium.bench.story_prompts import texts
from prunarium.bench.story_tokenizer import story_tokenizer
from prunarium.bench.text_spans import _best
from prunarium.bench.workloads import workload_for
from prunarium.registry import find_card

from .text_directories import (
    ENCODERS,
    SENTENCE,
    byte_tokenizer,
    questions,
    save_decoder,
    save_encoder,
    save_to_disk,
    sentiments,
    typed_tokenizer,
    write_lines,
    write_parquet,
)

DECODERS = ("llama", "mistral", "qwen2", "qwen3", "gpt-neox", "opt")


def workload(benchmark, model, data, **options):
    return workload_for(benchmark, str(model), data=data, **options)


def measured(name, work, **parameters):
    """The score of a method, not timed."""
    return Run(find_card(name), load(name, **parameters), work, "prunarium run", ()).measure()


@pytest.fixture
def squad(tmp_path):
    return write_lines(tmp_path / "squad.jsonl", questions())


@pytest.mark.parametrize("kind", ENCODERS)
def test_classification_is_what_the_model_says_of_each_text_alone(kind, tmp_path):
    model = save_encoder(tmp_path / kind, f"{kind}ForSequenceClassification")
    work = workload("text-classification", model, save_to_disk(tmp_path / "data", sentiments()))
    width = work.data.batch(0, 3, work.device)["input_ids"].shape[1]
    assert {len(words) for words in work.data.words[:3]} == {width} and work.data.words[:3][0][-1] == ""
    said = answer(work, None).said[:, 0]
    for number in range(10):
        alone = work.answer(work.model, work.data.batch(number, 1, work.device))
        assert alone.argmax(dim=1).item() == said[number]
    score = measured("topk-received", work, keep_rate=0.5)
    assert score.quality.samples == 10 and score.quality.baseline == np.mean(said == work.data.labels.numpy())
    assert score.cost.macs < score.cost.macs_baseline and score.benchmark == "text-classification"


@pytest.mark.parametrize("own", [{}, {"share_att_key": False}, {"relative_attention": False}])
def test_deberta_is_measured_against_itself(own, tmp_path):
    """What its attention computes of distances has a closed form too."""
    model = save_encoder(tmp_path / "deberta", "DebertaV2ForSequenceClassification", **own)
    work = workload("text-classification", model, write_lines(tmp_path / "a.jsonl", sentiments()))
    assert "no fused attention for DebertaV2ForSequenceClassification" in work.warning
    score = measured("topk-received", work, keep_rate=0.5)
    assert score.quality.samples == 10 and score.cost.macs < score.cost.macs_baseline


def test_pairs_are_read_together(tmp_path):
    rows = [{"premise": SENTENCE, "hypothesis": "is it red ?", "label": 1}]
    work = workload(
        "text-classification",
        save_encoder(tmp_path / "bert", tokenizer=typed_tokenizer()),
        write_lines(tmp_path / "a.jsonl", rows),
    )
    batch = work.data.batch(0, 1, work.device)
    assert (batch["input_ids"][0] == 2).sum() == 2 and batch["token_type_ids"].sum() == 5
    assert work.data.words[0][:3] == ["<s>", "the", "red"] == work.data.words[:1][0][:3] and len(work.data.words) == 1


def test_a_directory_answers_as_the_embedded_benchmark_that_it_was_made_of(tmp_path):
    """The same model and the same stories, once as token ids, once as text in files."""
    torch.manual_seed(0)
    model, asked = story_bert(), storyworld.generate(12, 0, ENCODER_WORDS)
    data = to_encode(asked)
    model.save_pretrained(tmp_path / "story")
    story_tokenizer().save_pretrained(tmp_path / "story")
    (tmp_path / "story" / "tokenizer_config.json").write_text(with_types(tmp_path / "story" / "tokenizer_config.json"))
    rows = [
        {"question": question, "sentence": story, "label": int(place)}
        for (story, question), place in zip(texts(asked), asked.places(), strict=True)
    ]
    work = workload("text-classification", tmp_path / "story", write_lines(tmp_path / "a.jsonl", rows))
    assert torch.equal(work.data.labels, data.labels)
    batch, embedded = work.data.batch(0, 12, work.device), data.batch(0, 12, work.device)
    assert torch.equal(batch["input_ids"], embedded["input_ids"])
    assert torch.allclose(work.answer(work.model, batch), class_scores(model, embedded), atol=1e-5)


def with_types(config):
    """A tokenizer's settings, told to tell the two texts of a pair apart."""
    names = ["input_ids", "token_type_ids", "attention_mask"]
    return json.dumps({**json.loads(config.read_text()), "model_input_names": names})


def test_rounded_models_are_judged_too(tmp_path):
    data = write_lines(tmp_path / "a.jsonl", questions()[:2])
    reader = save_encoder(tmp_path / "bert", "BertForQuestionAnswering")
    for benchmark, model, name in (
        ("extractive-qa", reader, "topk-received"),
        ("generative-qa", save_decoder(tmp_path / "llama"), "h2o"),
    ):
        work = workload(benchmark, model, data, precision="bfloat16")
        assert work.model.dtype == torch.bfloat16 and measured(name, work, keep_rate=0.5).quality.samples == 2


def test_classes_go_by_name(tmp_path):
    names = {"id2label": {0: "Bad", 1: "So-so", 2: "Good"}, "label2id": {"Bad": 0, "So-so": 1, "Good": 2}}
    model = save_encoder(tmp_path / "bert", **names)
    rows = sentiments(3)
    mixed = write_parquet(tmp_path / "a.parquet", rows, ["good", "bad", "so-so"])
    work = workload("text-classification", model, mixed)
    assert work.data.labels.tolist() == [2, 0, 1] and not work.warning
    spelled_out = [{**row, "label": name} for row, name in zip(rows, ("bad", "Good", "so-so"), strict=True)]
    assert workload(
        "text-classification", model, write_lines(tmp_path / "b.jsonl", spelled_out)
    ).data.labels.tolist() == [
        0,
        2,
        1,
    ]
    others = write_parquet(tmp_path / "c.parquet", rows, ["neg", "neutral", "pos"])
    work = workload("text-classification", model, others)
    assert work.data.labels.tolist() == [0, 1, 2] and "go by number" in work.warning


def test_long_texts_are_cut_and_it_is_said(tmp_path):
    rows = [{"text": SENTENCE * 20, "label": 0}, {"text": SENTENCE, "label": 1}]
    for kind, longest in (("Bert", 80), ("Roberta", 79)):  # RoBERTa's positions begin behind the padding's
        model = save_encoder(tmp_path / kind, f"{kind}ForSequenceClassification")
        work = workload("text-classification", model, write_lines(tmp_path / "a.jsonl", rows))
        batch = work.data.batch(0, 1, work.device)
        assert batch["input_ids"].shape[1] == longest and batch["input_ids"][0, -1] == 2
        assert f"1 of 2 texts are longer than the {longest} tokens" in work.warning
        assert work.answer(work.model, batch).isfinite().all()


@pytest.mark.parametrize("kind", ENCODERS)
def test_spans_are_judged_as_text(kind, tmp_path, squad):
    model = save_encoder(tmp_path / kind, f"{kind}ForQuestionAnswering")
    work = workload("extractive-qa", model, squad)
    assert work.metrics == ("f1", "exact match")
    score = measured("topk-received", work, keep_rate=0.5)
    assert score.quality.metric == "f1" and score.other_quality[0].metric == "exact match"
    said = answer(work, None)
    together = ["".join(chr(letter) for letter in row if letter >= 0) for row in said.said]
    contexts = [bare(row["context"]) for row in questions()]
    assert all(text in context for text, context in zip(together, contexts, strict=True))


def test_the_best_span_lies_in_the_text_and_is_not_long():
    scores = torch.full((1, 2, 50), -1.0)
    scores[0, 0, 3], scores[0, 1, 45], scores[0, 1, 9], scores[0, 1, 1] = 5.0, 9.0, 4.0, 4.5
    inside = torch.ones(1, 50, dtype=torch.bool)
    best, first, last = _best(scores, inside)
    assert (first.item(), last.item(), best.item()) == (3, 9, 9.0), "45 is too far, 1 comes before 3"
    inside[0, 3] = False
    assert _best(scores, inside)[1].item() != 3


def test_f1_is_squads():
    due = right_answers([["the red ball", "ball"], ["in Paris, France"], [""], [""]], bare, 64)
    said = spelled(["a red bird", "Paris", "", "word"], due.shape[-1], bare)
    assert right(said, due, "f1").tolist() == [0.5, 0.5, 1.0, 0.0]
    assert right(said, due, "exact match").tolist() == [False, False, True, False]
    assert bare("The U.S. Army's  tank!") == "us armys tank" and ENDED < 0


@pytest.mark.parametrize("kind", DECODERS)
def test_generated_answers(kind, tmp_path):
    words = byte_tokenizer(pairs=False) if kind == "qwen2" else None  # its own class of tokenizer reads bytes
    model = save_decoder(tmp_path / kind, kind, tokenizer=words)
    data = write_lines(tmp_path / "squad.jsonl", questions()[:3])
    work = workload("generative-qa", model, data)
    score = measured("knorm", work, keep_rate=0.5)
    assert score.quality.samples == 3 and score.cost.budget == pytest.approx(0.5, abs=0.02)
    assert score.cost.cache.bytes < 0.6 * score.cost.cache.bytes_baseline
    full = measured("knorm", work, keep_rate=1.0) if kind == "llama" else None
    assert full is None or full.quality.answers == full.quality.answers_baseline


def test_a_chat_template_words_the_prompt(tmp_path):
    template = "{% for message in messages %}yes {{ message['content'] }} no{% endfor %}"
    model = save_decoder(tmp_path / "llama", template=template)
    work = workload("generative-qa", model, write_lines(tmp_path / "a.jsonl", questions()[:1]))
    ids = work.data.batch(0, 1, work.device)["input_ids"][0].tolist()
    assert (ids[0], ids[-1]) == (13, 14), "the template's words, and nothing that the tokenizer puts around a text"


def test_a_text_is_cut_so_that_question_and_answer_fit(tmp_path):
    rows = [{**questions()[0], "context": SENTENCE * 200}]
    model = save_decoder(tmp_path / "llama")
    work = workload("generative-qa", model, write_lines(tmp_path / "a.jsonl", rows))
    ids = work.data.batch(0, 1, work.device)["input_ids"][0].tolist()
    assert len(ids) <= 700 - 32 and len(ids) > 640
    assert "1 of 1 texts are cut at their end" in work.warning


@pytest.mark.parametrize("benchmark", ["extractive-qa", "generative-qa"])
def test_a_script_that_is_split_into_bytes(benchmark, tmp_path):
    """A letter is three tokens; an answer may begin or end inside one."""
    rows = [{"context": "წითელი ბურთი ბაღში იყო", "question": "სად?", "answers": ["ბაღში"]}]
    data = write_lines(tmp_path / "a.jsonl", rows)
    sizes = {"tokenizer": byte_tokenizer(benchmark == "extractive-qa"), "max_position_embeddings": 256}
    if benchmark == "extractive-qa":
        model, name = save_encoder(tmp_path / "bert", "BertForQuestionAnswering", **sizes), "topk-received"
    else:
        model, name = save_decoder(tmp_path / "llama", **sizes), "knorm"
    score = measured(name, workload(benchmark, model, data), keep_rate=0.5)
    assert score.quality.samples == 1 and 0 <= score.quality.method <= 1


def test_perplexity_is_that_of_the_windows(tmp_path):
    """By hand: a window's words after the tokens before it, all read at once."""
    model = save_decoder(tmp_path / "llama")
    (tmp_path / "text.txt").write_text(SENTENCE * 90)
    work = workload("perplexity", model, tmp_path / "text.txt")
    assert len(work.data) == (8 * 90 - 511) // 64
    plain = answer(work, None)
    for number in range(len(work.data)):
        batch = work.data.batch(number, 1, work.device)
        ids = torch.cat([batch["input_ids"], batch["words"]], dim=1)
        assert ids[0, 0] == 1 and ids.shape[1] == 576
        with torch.inference_mode():
            logits = work.model(ids).logits[0, 511:-1]
        nats = torch.nn.functional.cross_entropy(logits, ids[0, 512:], reduction="none").numpy()
        assert np.allclose(plain.surprise[number], nats, atol=1e-4)
        assert np.allclose(surprises(work.model, ids, 512)[0], nats, atol=1e-4)
    score = measured("streamingllm", work, keep_rate=0.25)
    assert score.perplexity.baseline == pytest.approx(np.exp(plain.surprise.mean()), rel=1e-4)
    assert score.perplexity.method != score.perplexity.baseline and score.perplexity.words == 64 * len(work.data)
    assert score.quality.metric == "next word" and score.cost.budget == 0.25
    whole = answer(work, load("knorm", keep_rate=1.0))
    found = compare_foretelling(plain, whole)
    assert found.baseline == pytest.approx(found.method, rel=1e-4)


def test_one_text_is_timed_and_not_judged(tmp_path):
    for model, name in (
        (save_decoder(tmp_path / "opt", "opt"), "knorm"),
        (save_encoder(tmp_path / "b", "BertModel"), "topk-received"),
    ):
        score = measured(name, workload_for(model=str(model), prompt=SENTENCE * 4), keep_rate=0.5)
        assert score.quality is None and score.cost.macs_baseline > 0 and score.cost.budget < 0.9


def test_a_checkpoint_that_asks_for_a_static_cache_is_given_a_dynamic_one(tmp_path):
    model = save_decoder(tmp_path / "llama")
    config = model / "generation_config.json"
    config.write_text('{"cache_implementation": "static", "do_sample": true, "eos_token_id": 2}')
    work = workload("generative-qa", model, write_lines(tmp_path / "a.jsonl", questions()[:1]))
    assert work.model.generation_config.cache_implementation is None
    assert measured("knorm", work, keep_rate=0.5).quality.samples == 1


FAULTS = {
    "no text": ("text-classification", [{"text": " ", "label": 0}], "row 0 has no text in column 'text'"),
    "no label": (
        "text-classification",
        [{"text": "yes", "label": -1}],
        "row 0 has label -1, and there are classes 0 to 2",
    ),
    "a strange label": (
        "text-classification",
        [{"text": "yes", "label": "x"}],
        "which is none of the model's classes (label",
    ),
    "no question": ("extractive-qa", [{**questions()[0], "question": ""}], "row 0 has no question"),
    "an endless question": (
        "extractive-qa",
        [{**questions()[0], "question": SENTENCE * 20}],
        "a question takes 163 of the 80",
    ),
    "no answer": ("generative-qa", questions()[-1:], "row 0 has no answer; give a split that has one in each row"),
    "no room": (
        "generative-qa",
        [{**questions()[0], "question": SENTENCE * 99}],
        "a question leaves no room for a text",
    ),
    "too short a text": ("perplexity", [{"text": SENTENCE}], "column 'text' holds 8 tokens, a window takes 575"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faulty_rows_are_one_line(name, tmp_path):
    benchmark, rows, words = FAULTS[name]
    heads = {"text-classification": "BertForSequenceClassification", "extractive-qa": "BertForQuestionAnswering"}
    model = save_encoder(tmp_path / "m", heads[benchmark]) if benchmark in heads else save_decoder(tmp_path / "m")
    with pytest.raises(PrunariumError) as error:
        workload(benchmark, model, write_lines(tmp_path / "a.jsonl", rows))
    assert words in str(error.value) and "\n" not in str(error.value)
