"""Vocabulary trimming: which tokens are let through, and that their logits are the model's own."""

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from prunarium import PrunariumError, load
from tests.families.decoder_models import generate, make, prompts

WORDS = ["<s>", "cat", "кот", "chat", "猫", "42", "!", "naïve", "a1"]


@pytest.fixture
def tokenizer():
    words = WORDS + [f"w{number}" for number in range(60 - len(WORDS))]
    plain = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="<s>"))
    plain.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=plain, bos_token="<s>")


@torch.inference_mode()
def test_logits_of_what_is_let_through_are_the_models_own(tokenizer):
    model, ids = make(), prompts()
    before = model(ids).logits
    with load("vocabulary-trimming").of(tokenizer, ["cat chat naïve"]).apply(model):
        logits, words = model(ids).logits, generate(model, ids)
    allowed = [0, 1, 3, 7]
    torch.testing.assert_close(logits[..., allowed], before[..., allowed])
    others = [number for number in range(60) if number not in allowed]
    assert (logits[..., others] == -torch.inf).all()
    assert set(words.unique().tolist()) <= set(allowed)
    assert torch.equal(model(ids).logits, before)
    assert "forward" not in vars(model.lm_head)


@torch.inference_mode()
@pytest.mark.parametrize(("scripts", "expected"), [(("LATIN",), "cat chat naïve a1"), (("CYRILLIC",), "кот")])
def test_writing_systems(tokenizer, scripts, expected):
    model = make()
    with load("vocabulary-trimming", scripts=scripts).of(tokenizer).apply(model):
        said = model(prompts(1)).logits[0, -1].isfinite().nonzero()[:, 0].tolist()
    there = {WORDS[number] for number in said if number < len(WORDS)} - {"<s>", "42", "!"}
    assert there == set(expected.split())
    assert {0, 5, 6} <= set(said)


def test_errors_say_what_to_do(tokenizer):
    with pytest.raises(PrunariumError, match=r"give it one: load\('vocabulary-trimming'\)\.of\(tokenizer\)"):
        load("vocabulary-trimming").apply(make())
    with pytest.raises(PrunariumError, match="lets no token through"):
        load("vocabulary-trimming").of(tokenizer, [])
    small = make("llama", vocab_size=50)
    with pytest.raises(PrunariumError, match="the tokenizer is of another model"):
        load("vocabulary-trimming").of(tokenizer).apply(small)
    load("identity").apply(small).remove()
