"""``prunarium compress``: a prompt in, a shorter one out, with models from directories."""

import json

import pytest

from tests.families.prompts import QUESTION, STORY, byte_tokenizer, causal


@pytest.fixture
def model(tmp_path):
    """A directory with a causal language model and its tokenizer."""
    causal().save_pretrained(tmp_path / "model")
    byte_tokenizer().save_pretrained(tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def story(tmp_path):
    path = tmp_path / "story.txt"
    path.write_text(STORY, encoding="utf-8")
    return path


def test_text_in_text_out(prunarium, model, story, tmp_path):
    words = ("compress", "selective-context", story, "--scorer", model, "--param", "keep_rate=0.5")
    done = prunarium(*words)
    assert done.code == 0, done.err
    assert done.out and len(done.out) < len(STORY)
    assert "tokens left, budget 0." in done.err
    told = json.loads(prunarium(*words, "--json").out)
    assert told["text"] == done.out == "".join(STORY[start:end] for start, end in told["spans"])
    assert told["tokens_out"] <= 0.5 * told["tokens_in"]
    assert told["method"].startswith("SelectiveContext(keep_rate=0.5")
    assert prunarium(*words, "--output", tmp_path / "left.txt").out == ""
    assert (tmp_path / "left.txt").read_text(encoding="utf-8") == done.out
    assert prunarium(*words, "--output", tmp_path / "left.txt").code == 1
    assert prunarium(*words, "--output", tmp_path / "left.json").out == ""
    assert json.loads((tmp_path / "left.json").read_text(encoding="utf-8")) == told


def test_a_script_that_is_split_into_bytes_keeps_whole_letters(prunarium, model, tmp_path):
    text = "წითელი ბურთი ბაღში იყო. სახლში ძაღლი იყო."
    (tmp_path / "story.txt").write_text(text, encoding="utf-8")
    words = ("compress", "truncation", tmp_path / "story.txt", "--tokenizer", model, "--param", "keep_rate=0.5")
    assert prunarium(*words, "--output", tmp_path / "left.json").code == 0
    told = json.loads((tmp_path / "left.json").read_text(encoding="utf-8"))
    assert 0 < told["tokens_out"] <= told["tokens_in"] / 2 and told["tokens_in"] > len(text)
    assert told["text"] == "".join(text[start:end] for start, end in told["spans"])


def test_a_question_guides(prunarium, model, story):
    done = prunarium(
        "compress", "bm25", story, "--tokenizer", model, "--question", QUESTION, "--param", "max_tokens=20"
    )
    assert "red ball" in done.out


@pytest.mark.parametrize(
    "words, said",
    [
        (["bm25", "{story}", "--tokenizer", "{model}"], "BM25 ranks by what is asked; give question="),
        (["truncation", "{story}"], "give its tokenizer"),
        (["truncation", "{story}", "--tokenizer", "nowhere"], "nowhere: there is no such directory"),
        (["truncation", "{story}", "--tokenizer", "{empty}"], "holds no tokenizer that transformers can read"),
        (["llmlingua", "{story}", "--tokenizer", "{model}"], "LLMLingua needs scorer=Scorer(model, tokenizer)"),
        (["truncation", "missing.txt", "--tokenizer", "{model}"], "missing.txt: cannot be read as text"),
        (["truncation", "{blank}", "--tokenizer", "{model}"], "the prompt is empty: the tokenizer makes no token"),
        (["tome", "{story}", "--tokenizer", "{model}"], "tome acts inside a model and shortens no text"),
    ],
)
def test_what_is_refused(prunarium, model, story, tmp_path, words, said):
    (tmp_path / "empty").mkdir()
    (tmp_path / "blank.txt").write_text("")
    places = {"blank": tmp_path / "blank.txt", "model": model, "story": story, "empty": tmp_path / "empty"}
    done = prunarium("compress", *(word.format(**places) for word in words))
    assert done.code == 1 and said in done.err and done.err.count("\n") == 1, done.err


def test_visualize_says_what_runs_it(prunarium):
    done = prunarium("visualize", "bm25")
    assert done.code == 1 and "'prunarium compress bm25' runs it" in done.err
