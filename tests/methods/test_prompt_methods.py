"""What single methods for prompts choose, against second readings of their rules."""

import pytest
import torch

from prunarium import load, registry
from prunarium.families import Scorer, SentenceEncoder, paragraphs, sentences
from tests.families.prompts import QUESTION, STORY, byte_tokenizer, compressed, scorer_for, word_tokenizer


def kept(left, spans):
    """Which spans of the prompt are left, in whole or in part; white space does not count."""
    places = {place for start, end in left.spans for place in range(start, end) if not STORY[place].isspace()}
    return [index for index, (start, end) in enumerate(spans) if places & set(range(start, end))]


def test_bm25_keeps_the_sentence_that_the_question_is_about():
    left = compressed("bm25", STORY, tokenizer=word_tokenizer(), max_tokens=8, whole=True)
    assert left.text == " She took the red ball there!"
    both = compressed("bm25", STORY, tokenizer=word_tokenizer(), max_tokens=24, whole=True)
    assert "Is the old dog asleep?" in both.text  # it shares "is" and "the"


def test_random_keeps_whole_sentences_or_tokens_by_its_seed():
    spans = sentences(STORY)
    lefts = [compressed("random-prompt", STORY, seed=seed, keep_rate=0.5, whole=True) for seed in range(6)]
    assert len({left.text for left in lefts}) > 1
    for left in lefts:
        assert "".join(STORY[slice(*spans[index])] for index in kept(left, spans)) == left.text
    tokens = compressed("random-prompt", STORY, unit="token", tokenizer=word_tokenizer(), keep_rate=0.5)
    assert tokens.tokens_out == tokens.tokens_in // 2
    assert len(tokens.spans) > len(lefts[0].spans)


def test_cpc_keeps_the_sentences_nearest_to_the_question():
    encoder, spans = scorer_for(SentenceEncoder), sentences(STORY)
    vectors = encoder.embed(STORY, spans)
    question = encoder.embed(QUESTION, [(0, len(QUESTION))])[0]
    near = [float(vector @ question / (vector.norm() * question.norm())) for vector in vectors]
    left = compressed("cpc", STORY, keep_rate=0.6)
    chosen = kept(left, spans)
    best = sorted(range(len(spans)), key=lambda index: -near[index])
    count = next(rank for rank, index in enumerate(best) if index not in chosen)
    assert count > 0 and set(best[:count]) <= set(chosen)


@pytest.mark.parametrize("level", ["token", "phrase", "sentence"])
def test_selective_context_lets_the_least_informative_go_first(level):
    """With an exact budget, of what its percentile keeps only the least informative part may be gone."""
    method = load("selective-context", level=level, keep_rate=0.5)
    scorer = scorer_for(Scorer)
    exact = method.compress(STORY, scorer=scorer)
    by_rule = method.model_copy(update={"exact": False}).compress(STORY, scorer=scorer)
    assert exact.tokens_out <= exact.tokens_in // 2
    chosen = {place for start, end in exact.spans for place in range(start, end)}
    ruled = {place for start, end in by_rule.spans for place in range(start, end)}
    assert chosen <= ruled or ruled <= chosen


class Loud(Scorer):
    """Every token of a text with an exclamation mark is surprising, most of all behind a question about it."""

    def __init__(self):
        self.tokenizer = byte_tokenizer()

    def losses(self, sequences, since=0, prefix=()):
        found = []
        for ids in sequences:
            text = self.tokenizer.decode(ids)
            loud = 2.0 if "!" in text else 1.0
            found.append(torch.full((len(ids) - 1 - since,), -loud if text.endswith("documents.") else loud))
        return found


@pytest.mark.parametrize("name", ["llmlingua", "longllmlingua"])
def test_contexts_that_are_worth_least_go_whole(name):
    """The first paragraph is the loud one: the most surprising, and the one that explains the question best."""
    left = load(name, keep_rate=0.2, context_slack=0).compress(STORY, question="Why?", scorer=Loud())
    assert kept(left, paragraphs(STORY)) == [0]


def test_more_is_kept_of_better_contexts():
    class Ordered(registry.load_class("llmlingua")):
        def order(self, prompt, contexts):
            return [2, 0, 1]

    def shares(dynamic):
        method = Ordered(segment=8, dynamic=dynamic, keep_rate=0.4, exact=False, context_slack=1000)
        left = method.compress(STORY, scorer=scorer_for(Scorer))
        places = {place for start, end in left.spans for place in range(start, end)}
        return [len(places & set(range(start, end))) / (end - start) for start, end in paragraphs(STORY)]

    even, by_rank = shares(0.0), shares(0.4)
    assert by_rank[2] > even[2] and by_rank[1] < even[1]
    assert by_rank[2] > by_rank[0] > by_rank[1]


def test_llmlingua_2_keeps_forced_words():
    left = compressed("llmlingua-2", STORY, keep_rate=0.3, forced=("Sandra", "kitchen"), tokenizer=word_tokenizer())
    assert " Sandra" in left.text and " kitchen" in left.text
    assert left.tokens_out == int(0.3 * left.tokens_in)
