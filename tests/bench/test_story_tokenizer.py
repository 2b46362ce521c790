"""storyworld's tokenizer: what it reads is what the generator wrote, and back."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from prunarium.bench import storyworld
from prunarium.bench.story_prompts import texts
from prunarium.bench.story_tokenizer import story_tokenizer
from prunarium.bench.story_words import BOS, EOS, PAD, UNKNOWN, VOCABULARY, in_words


@pytest.fixture(scope="module")
def tokenizer():
    return story_tokenizer()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), length=st.integers(64, 300))
def test_text_becomes_the_same_tokens_and_back(tokenizer, seed, length):
    asked = storyworld.generate(4, seed, length)
    for number, (story, question) in enumerate(texts(asked)):
        ids = tokenizer(f"{story} {question}").input_ids
        assert ids == asked.prompts()[number].tolist()
        assert tokenizer.decode(ids, skip_special_tokens=True) == f"{story} {question}"
        both = tokenizer(question, story, return_token_type_ids=True)
        due = asked.pairs()
        assert both.input_ids == due[0][number].tolist() and both.token_type_ids == due[1][number].tolist()


def test_offsets_cut_the_text_into_its_tokens(tokenizer):
    text = "Mary went to the red mill. Where is Mary now?"
    read = tokenizer(text, return_offsets_mapping=True, add_special_tokens=False)
    cut = [text[start:end] for start, end in read.offset_mapping]
    assert cut == [VOCABULARY[number] for number in read.input_ids]
    assert cut[-2:] == ["now", "?"] and cut[6] == "."


def test_special_tokens(tokenizer):
    assert [tokenizer.pad_token_id, tokenizer.bos_token_id, tokenizer.eos_token_id] == [PAD, BOS, EOS]
    assert len(tokenizer) == tokenizer.vocab_size == len(VOCABULARY) == len(set(VOCABULARY))
    assert tokenizer("Mary yodelled.", add_special_tokens=False).input_ids[1] == UNKNOWN
    padded = tokenizer(["Mary sang.", "It was cold in the old mill."], padding=True)
    assert padded.input_ids[0][:6] == [PAD] * 5 + [BOS] and padded.input_ids[1][0] == BOS
    assert set(padded) == {"input_ids", "attention_mask"}


def test_it_can_be_saved_and_read(tokenizer, tmp_path):
    tokenizer.save_pretrained(tmp_path)
    again, text = AutoTokenizer.from_pretrained(tmp_path), in_words(storyworld.running_text(1, 0, 64).words[0])
    assert again(text).input_ids == tokenizer(text).input_ids and again.decode(again(text).input_ids[1:]) == text
