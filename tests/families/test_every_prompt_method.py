"""What holds for every method that shortens prompts: spans in place, budgets met, what is protected stays."""

from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as some

from prunarium import PrunariumError, load
from prunarium.families.prompt.spans import joined
from prunarium.families.prompt.tokens import count_tokens

from .prompts import METHODS, QUESTION, STORY, byte_tokenizer, compressed, word_tokenizer

FRAGMENTS = [
    "Mary took the ball. ",
    " Mr. Brown paid 3.50!",
    "Where is the red ball?",
    "\n\n",
    "```\nx = 12\n```\n",
    "a `b1` c",
    "  ",
    "東京は雨。",
    "🙂",
    "e\u0301t\u00e9 ",
    "the",
    ",",
]
TEXTS = some.lists(some.sampled_from(FRAGMENTS), min_size=1, max_size=8).map("".join)
RATES = some.floats(0.05, 1.0)
KINDS = some.sampled_from([(), ("code",), ("numbers",), ("code", "numbers")])
FEW = settings(max_examples=25)


def joined_by(name, text, spans):
    """As they stand; LLMLingua-2 puts a space between words that would run together."""
    made = text[slice(*spans[0])] if spans else ""
    for one, other in pairwise(spans):
        dropped, piece = text[one[1] : other[0]], text[slice(*other)]
        apart = len(dropped.split()) != 1 or dropped.strip() != dropped
        space = name == "llmlingua-2" and apart and not made[-1].isspace() and not piece[0].isspace()
        made += " " * space + piece
    return made


def check(name, left, text, tokenizer, allowed):
    assert left.original == text
    assert left.text == joined_by(name, text, left.spans)
    assert list(left.spans) == joined(left.spans)  # in order, with gaps between them
    assert all(0 <= start < end <= len(text) for start, end in left.spans)
    assert left.tokens_in == count_tokens(tokenizer, text)
    assert left.tokens_out == count_tokens(tokenizer, left.text) <= allowed
    assert left.budget == left.tokens_out / left.tokens_in


@pytest.mark.parametrize("name", METHODS)
@FEW
@given(text=TEXTS, rate=RATES)
def test_spans_are_in_place_and_the_budget_is_met(name, text, rate):
    tokenizer = byte_tokenizer()
    assume(QUESTION not in text)
    allowed = int(count_tokens(tokenizer, text) * rate + 1e-9)
    assume(allowed > 0)
    check(name, compressed(name, text, keep_rate=rate), text, tokenizer, allowed)


@pytest.mark.parametrize("name", METHODS)
@FEW
@given(text=TEXTS, rate=RATES, kinds=KINDS, place=some.tuples(some.integers(0, 40), some.integers(1, 20)))
def test_what_is_protected_stays_or_the_budget_is_refused(name, text, rate, kinds, place):
    start, end = place[0] % len(text), min(place[0] % len(text) + place[1], len(text))
    assume(count_tokens(byte_tokenizer(), text) * rate >= 1)
    try:
        left = compressed(name, text, keep_rate=rate, protects=kinds, protected=[(start, end)])
    except PrunariumError as error:
        assert str(error).startswith("what must stay takes ")
        return
    must_stay = [(start, end)]
    if QUESTION in text:
        must_stay.append((text.rindex(QUESTION), text.rindex(QUESTION) + len(QUESTION)))
    if "numbers" in kinds and "3.50" in text:
        must_stay.append((text.index("3.50"), text.index("3.50") + 4))
    if "code" in kinds and "`b1`" in text and "```" not in text:
        must_stay.append((text.index("`b1`"), text.index("`b1`") + 4))
    for first, last in must_stay:
        assert any(start <= first and last <= end for start, end in left.spans), (left, first, last)


@pytest.mark.parametrize("name", METHODS)
@FEW
@given(text=TEXTS)
def test_keeping_all_gives_the_prompt_back(name, text):
    assume(text.strip())
    left = compressed(name, text, keep_rate=1.0)
    assert (left.text, left.spans, left.budget) == (text, ((0, len(text)),), 1.0)


@pytest.mark.parametrize("name", METHODS)
def test_a_budget_in_tokens(name):
    left = compressed(name, STORY, max_tokens=30)
    assert 0 < left.tokens_out <= 30
    assert left.spans == compressed(name, STORY, max_tokens=30).spans
    assert compressed(name, STORY, max_tokens=10_000).text == STORY


@pytest.mark.parametrize("name", METHODS)
def test_the_budget_is_of_the_tokenizer_of_the_model_that_reads(name):
    left = compressed(name, STORY, keep_rate=0.5, tokenizer=word_tokenizer())
    allowed = int(0.5 * count_tokens(word_tokenizer(), STORY))
    check(name, left, STORY, word_tokenizer(), allowed)
    assert left.tokens_out >= allowed - 1  # a part of a word that joins another may be one token less or more
    whole = compressed(name, STORY, keep_rate=0.5, tokenizer=word_tokenizer(), whole=True)
    check(name, whole, STORY, word_tokenizer(), allowed)


@pytest.mark.parametrize("name", METHODS)
def test_less_budget_keeps_less(name):
    counts = [compressed(name, STORY, keep_rate=rate).tokens_out for rate in (0.25, 0.5, 0.75, 1.0)]
    assert counts == sorted(counts) and counts[0] < counts[-1]
    method = load(name).with_budget(0.25)
    assert method.keep_rate == 0.25 and type(method) is type(load(name))


@pytest.mark.parametrize("name", METHODS)
def test_an_empty_prompt(name):
    with pytest.raises(PrunariumError, match="the prompt is empty"):
        compressed(name, "")


@pytest.mark.parametrize("name", METHODS)
def test_what_is_missing_is_named(name):
    method = load(name)
    if method.scores_with is not None:
        with pytest.raises(PrunariumError, match=rf"needs scorer={method.scores_with.__name__}\(model, tokenizer\)"):
            method.compress(STORY, question=QUESTION, tokenizer=byte_tokenizer())
    else:
        with pytest.raises(PrunariumError, match="give its tokenizer"):
            method.compress(STORY, question=QUESTION)
    if method.asks_question:
        with pytest.raises(PrunariumError, match="give question="):
            compressed(name, STORY, question=None)
    else:
        assert compressed(name, STORY, question=None).tokens_out > 0
