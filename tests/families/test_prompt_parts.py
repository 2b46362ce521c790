"""Spans, sentences, protection and filling of the prompt family."""

from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as some

from prunarium import PrunariumError, load
from prunarium.families import Ranked, paragraphs, phrases, sentences, terms
from prunarium.families.prompt.filling import fill, without
from prunarium.families.prompt.protection import protected_spans
from prunarium.families.prompt.spans import inside, joined, text_of, units_of
from prunarium.families.prompt.tokens import count_tokens, read_tokens
from prunarium.families.prompt.windows import windows

from .prompts import QUESTION, STORY, byte_tokenizer, compressed, sentence_piece, word_piece, word_tokenizer

TEXTS = some.text("ab. ?!\n。東\"'", max_size=30)
SPANS = some.lists(some.tuples(some.integers(0, 20), some.integers(0, 20)), max_size=6)


def cut(text, spans):
    return [text[start:end] for start, end in spans]


@pytest.mark.parametrize("parts", [paragraphs, sentences, phrases])
@given(text=TEXTS)
def test_parts_are_together_the_text(parts, text):
    assert "".join(cut(text, parts(text))) == text
    assert all(part.strip() for part in cut(text, parts(text))) or not text.strip()


def test_sentences():
    assert cut(STORY, sentences(STORY))[:3] == [
        "Mary went to the kitchen.",
        " She took the red ball there!",
        " Mr. Brown paid 3.50 for 12 apples.",
    ]
    assert len(sentences(STORY)) == 8
    assert cut(STORY, sentences(STORY, ends=".?"))[0] == "Mary went to the kitchen."
    assert len(sentences(STORY, ends=".?")) == 7
    said = 'He said "no." Then (so they say.) e.g. nothing.'
    assert cut(said, sentences(said)) == ['He said "no."', " Then (so they say.)", " e.g. nothing."]
    assert cut("東京は雨。寒い。", sentences("東京は雨。寒い。")) == ["東京は雨。", "寒い。"]


def test_paragraphs_and_phrases():
    assert [part.strip()[:4] for part in cut(STORY, paragraphs(STORY))] == ["Mary", "John", "The "]
    text = "The quick brown fox jumps over the lazy dog, and sleeps."
    assert cut(text, phrases(text)) == ["The quick brown fox jumps", " over the lazy dog,", " and sleeps."]


def test_terms():
    assert terms("Where's the RED ball? 東京!") == ["where", "s", "the", "red", "ball", "東", "京"]


@given(SPANS)
def test_joined_spans_hold_the_same_characters(spans):
    places = {place for start, end in spans for place in range(start, end)}
    made = joined(spans)
    assert {place for start, end in made for place in range(start, end)} == places
    assert all(one[1] < other[0] for one, other in pairwise(made))
    assert [inside(made, place) for place in range(25)] == [place in places for place in range(25)]


@pytest.mark.parametrize("tokenizer", [byte_tokenizer, word_tokenizer, sentence_piece, word_piece])
@given(text=some.text(max_size=20) | some.text(" \nabeÄé東🙂", max_size=20))
def test_tokens_of_any_script_lie_on_whole_characters(tokenizer, text):
    tokens = read_tokens(tokenizer(), text)
    if tokens.ids:
        assert text_of(text, tokens.spans) == text
    assert len(tokens.ids) == len(tokens.units) == len(tokens.words)
    assert sorted(set(tokens.units)) == list(range(len(tokens.spans)))
    assert tokens.units == sorted(tokens.units) and tokens.words == sorted(tokens.words)
    assert tokenizer()(text, add_special_tokens=False)["input_ids"] == tokens.ids


@pytest.mark.parametrize("tokenizer", [sentence_piece, word_piece])
@given(text=some.text(" \nabeÄé東🙂.", min_size=1, max_size=30), rate=some.floats(0.1, 0.9))
def test_budgets_are_met_for_any_kind_of_tokenizer(tokenizer, text, rate):
    count = count_tokens(tokenizer(), text)
    assume(int(count * rate) >= 1)
    left = compressed("truncation", text, tokenizer=tokenizer(), keep_rate=rate)
    assert left.tokens_out == count_tokens(tokenizer(), left.text) <= int(count * rate)
    assert left.text == text_of(text, left.spans)


def test_bytes_of_one_character_stay_together():
    assert units_of([(0, 1), (0, 1), (0, 1), (1, 3), (3, 3), (4, 5)], 6) == (
        [(0, 1), (1, 3), (3, 6)],
        [0, 0, 0, 1, 1, 2],
    )
    left = compressed("truncation", "🙂🙂🙂", max_tokens=6)
    assert left.text == "🙂" and left.tokens_out == 4  # a second one would be 8 tokens


@given(some.integers(0, 50), some.integers(2, 12))
def test_windows_give_every_token_once_and_half_a_window_before_it(length, size):
    fresh = []
    for begin, end, first in windows(length, size):
        assert 0 <= begin <= first <= end <= length and end - begin <= size
        assert begin == 0 or first - begin >= size // 2
        fresh += range(first, end)
    assert fresh == list(range(length))


def test_what_is_protected():
    text = "Pay 3.50 by 12/10, or 20%.\n```py\nx = 1\n```\nAnd `y`. Why? Why?"
    assert [text[slice(*span)] for span in protected_spans(text, kinds=["numbers"])] == [
        " 3.50",
        " 12/10",
        " 20%",
        " 1",
    ]
    code = [text[slice(*span)] for span in protected_spans(text, kinds=["code"])]
    assert code == ["\n```py\nx = 1\n```", " `y`"]
    assert [text[slice(*span)] for span in protected_spans(text, "Why?", spans=[(0, 2)])] == ["Pa", " Why?"]
    assert protected_spans(text, "Why?")[0][1] == len(text)
    with pytest.raises(PrunariumError, match=r"the span \(3, 99\) is not inside the prompt"):
        protected_spans("short", spans=[(3, 99)])


PARTS = some.lists(some.tuples(some.integers(1, 4), some.integers(0, 5), some.booleans()), min_size=1, max_size=8)


@given(PARTS, SPANS, some.integers(0, 30), some.booleans())
def test_filling_takes_the_best_first(shape, spans, allowed, whole):
    """Against a literal second reading, where every character is a token."""
    ends = [sum(size for size, _, _ in shape[: index + 1]) for index in range(len(shape))]
    parts = [Ranked(end - size, end, priority, kept) for end, (size, priority, kept) in zip(ends, shape, strict=True)]
    text = "".join(chr(97 + index % 26) for index in range(ends[-1]))
    fixed = joined((start, min(end, len(text))) for start, end in spans)
    split = None if whole else lambda part: [(at, at + 1) for at in range(len(part))]
    must = sum(end - start for start, end in fixed)
    if must > allowed:
        with pytest.raises(PrunariumError, match=f"what must stay takes {must} tokens, and the budget is {allowed}"):
            fill(text, without(fixed, parts, len(text)), fixed, allowed, len, split)
        return
    pieces = without(fixed, parts, len(text))
    assert sum(piece.end - piece.start for piece in pieces) == len(text) - must
    left, room = list(fixed), allowed - must
    for piece in sorted(pieces, key=lambda piece: (not piece.kept, -piece.priority, piece.start)):
        end = piece.end if whole else min(piece.end, piece.start + room)
        if end - piece.start <= room:
            left.append((piece.start, end))
            room -= end - piece.start
    made = fill(text, pieces, fixed, allowed, len, split)
    assert made == joined(left)
    if not whole:
        assert sum(end - start for start, end in made) == min(allowed, len(text))


def test_parts_that_overlap_are_a_fault_of_the_method():
    with pytest.raises(PrunariumError, match="parts of the text that overlap"):
        without([], [Ranked(0, 3, 1.0), Ranked(2, 4, 1.0)], 4)


def test_a_budget_below_what_must_stay():
    with pytest.raises(PrunariumError, match=r"what must stay takes 6 tokens, and the budget is 5; raise the budget"):
        text = f"{STORY} {QUESTION}"
        compressed("truncation", text, tokenizer=word_tokenizer(), max_tokens=5)
    with pytest.raises(PrunariumError, match=r"keep_rate=0.01 of 18 tokens is no token at all"):
        compressed("truncation", " a" * 18, tokenizer=word_tokenizer(), keep_rate=0.01)


def test_truncation_keeps_ends_and_fills_the_budget_exactly():
    words = " ".join("abcdefghij")
    kept = {cut: compressed("truncation", words, tokenizer=word_tokenizer(), keep_rate=0.4, cut=cut) for cut in CUTS}
    assert {cut: left.text.replace(" ", "") for cut, left in kept.items()} == CUTS
    assert all(left.tokens_out == 4 for left in kept.values())


CUTS = {"tail": "abcd", "head": "ghij", "middle": "abij"}


def test_a_slow_tokenizer_is_refused():
    with pytest.raises(PrunariumError, match="does not say where its tokens stand"):
        load("truncation").compress("text", tokenizer=object())


def test_half_a_character_is_refused():
    with pytest.raises(PrunariumError, match=r"half a character at 3 \('\\ud83d'\)"):
        compressed("truncation", "a b\ud83d c", tokenizer=word_tokenizer())
