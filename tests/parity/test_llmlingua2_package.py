"""LLMLingua-2 against the authors' package, on a whole text and a tiny classifier: pip install 'prunarium[lingua]'."""

import pytest
import torch
from transformers import BertConfig, BertForTokenClassification, BertTokenizerFast

from prunarium import load
from prunarium.families import TokenClassifier
from tests.families.prompts import STORY, peaked, words_of

NAME = "bert-base-multilingual-cased"
"""By its name the package knows how a model's tokens make words."""


def tokens_of(word):
    return [0] * (1 + len(word) // 4)


class Counter:
    """Counts tokens as both sides are told to; the package's own tokenizer would have to be fetched."""

    is_fast = True

    def __call__(self, texts, **_):
        if isinstance(texts, str):
            return {"input_ids": [token for word in texts.split() for token in tokens_of(word)]}
        return {"input_ids": [tokens_of(word) for word in texts]}

    def encode(self, text, **_):
        return tokens_of(text)


@pytest.fixture
def model(tmp_path):
    """The directory of a classifier that reads the words of the story."""
    words = sorted({word.lower() for word in words_of(STORY)} - {"knows"})  # one word is unknown
    added = [f"[NEW{index}]" for index in range(100)]  # the package adds them
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words, "kn", "##ow", "##s", *added]
    folder = tmp_path / NAME
    folder.mkdir()
    (folder / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    tokenizer = BertTokenizerFast(vocab=str(folder / "vocab.txt"))
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    sizes = {"num_hidden_layers": 1, "hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 16}
    config = BertConfig(vocab_size=len(vocabulary), num_labels=2, **sizes)
    peaked(BertForTokenClassification(config)).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("rate", [0.3, 0.5, 0.8])
def test_the_same_words_are_kept(model, rate, monkeypatch):
    package, tiktoken = pytest.importorskip("llmlingua"), pytest.importorskip("tiktoken")
    monkeypatch.setattr(tiktoken, "encoding_for_model", lambda name: Counter())
    theirs = package.PromptCompressor(model_name=str(model), use_llmlingua2=True, device_map="cpu")
    expected = theirs.compress_prompt([STORY], rate=rate, return_word_label=True)["fn_labeled_original_prompt"]
    labels = [int(word[-1]) for word in expected.split("\t\t|\t\t")]
    classifier = TokenClassifier(
        BertForTokenClassification.from_pretrained(model), BertTokenizerFast.from_pretrained(model)
    )
    left = load("llmlingua-2", keep_rate=rate, exact=False).compress(STORY, scorer=classifier, tokenizer=Counter())
    places = {place for start, end in left.spans for place in range(start, end)}
    ours, begin = [], 0
    for word in words_of(STORY):
        begin = STORY.index(word, begin)
        ours.append(int(begin in places))
        begin += len(word)
    assert ours == labels
    assert 0 < sum(labels) < len(labels)
