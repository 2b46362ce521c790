"""LLMLingua-2 against numbers of the official code, on given token probabilities: words, labels and text."""

import json
from pathlib import Path

import pytest

from prunarium import load
from prunarium.families import Judged, TokenClassifier

from . import recipe

FIXTURE = json.loads((Path(__file__).parent / "llmlingua2.json").read_text(encoding="utf-8"))
CASES = {case["case"]: case for case in FIXTURE["cases"]}
SEEDS = {"mean": 611, "first_force": 612, "drop_consecutive_two_chunks": 613}


class Given(TokenClassifier):
    """Probabilities of the numbers. A text is the chunks' words with spaces between, a line for each chunk."""

    def __init__(self, seed, chunks):
        self.keep = recipe.draw(seed, 0, (300, 2), "feature", 2.0).softmax(-1)[:, 1]
        self.chunks = chunks

    def classify(self, text):
        begin = 0
        for chunk in self.chunks:
            spans, words, keep = [], [], []
            for index, pieces in enumerate(word.split("_") for word in chunk.split()):
                end = text.index("".join(pieces), begin) + len("".join(pieces))
                spans.append((begin, end))
                begin = end
                words += [index] * len(pieces)
                keep += [self.keep[row(piece)].item() for piece in pieces]
            yield Judged(spans, words, keep)


def row(piece):
    return 5 if piece == "." else {"w": 10, "s": 110}[piece[0]] + int(piece[1:])


class Counter:
    """The tokenizer of the model that reads, as the numbers count its tokens."""

    is_fast = True

    def __call__(self, texts, **_):
        if isinstance(texts, str):
            return {"input_ids": [0] * sum(1 + len(word) // 4 for word in texts.split())}
        return {"input_ids": [[0] * (1 + len(word) // 4) for word in texts]}


@pytest.mark.parametrize("name", CASES)
def test_words_labels_and_text(name):
    params, expected = CASES[name]["params"], CASES[name]["outputs"]
    chunks = CASES[name]["inputs"]["chunks"]
    text = "\n".join(chunk.replace("_", "") for chunk in chunks)
    assert text.split() == expected["words"]
    method = load(
        "llmlingua-2",
        keep_rate=params["rate"],
        word_score=params["token_to_word"],
        forced=params["force_tokens"],
        drop_echoes=params["drop_consecutive"],
        exact=False,
    )
    left = method.compress(text, scorer=Given(SEEDS[name], chunks), tokenizer=Counter())
    places = {place for start, end in left.spans for place in range(start, end)}
    labels, begin = [], 0
    for word in expected["words"]:
        begin = text.index(word, begin)
        labels.append(int(begin in places))
        begin += len(word)
    assert labels == expected["keep_labels"]
    if len(chunks) == 1:  # officially nothing stands between the texts of two chunks
        assert " ".join(left.text.split()) == expected["compressed"]
    assert left.text.split() == expected["compressed"].replace(" .w", " . w").split()
