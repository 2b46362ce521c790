"""What a language model, a token classifier and a sentence encoder tell of a text."""

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    BertForTokenClassification,
    BertModel,
    GPT2Config,
    GPT2LMHeadModel,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
    OPTConfig,
    OPTForCausalLM,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
    RobertaConfig,
    RobertaForTokenClassification,
)

from prunarium import PrunariumError
from prunarium.families import Scorer, SentenceEncoder, TokenClassifier, sentences

from .prompts import QUESTION, STORY, bert, byte_tokenizer, causal, peaked, word_tokenizer


@torch.no_grad()
def literally(ids):
    """Losses of every token but the first, one reading for each."""
    found = []
    for place in range(1, len(ids)):
        logits = causal()(input_ids=torch.tensor([ids[:place]])).logits[0, -1]
        found.append(-logits.log_softmax(-1)[ids[place]].item())
    return found


def test_losses_are_those_of_the_model_read_token_by_token():
    ids = byte_tokenizer()(STORY[:60])["input_ids"]
    assert len(ids) <= 60
    np.testing.assert_allclose(Scorer(causal(), byte_tokenizer()).losses([ids])[0], literally(ids), atol=1e-4)


def test_texts_of_many_lengths_are_read_together_as_alone():
    texts = [STORY[:n] for n in (60, 1, 25, 40)] + [QUESTION]
    sequences = [byte_tokenizer()(text)["input_ids"] for text in texts] + [[], [5]]
    together = Scorer(causal(), byte_tokenizer(), batch_tokens=100).losses(sequences)
    alone = Scorer(causal(), byte_tokenizer(), batch_tokens=1)
    for ids, losses in zip(sequences, together, strict=True):
        assert len(losses) == max(len(ids) - 1, 0)
        torch.testing.assert_close(losses, alone.losses([ids])[0], atol=1e-4, rtol=1e-4)


def test_losses_of_the_last_tokens_alone_are_the_same():
    ids = byte_tokenizer()(STORY)["input_ids"]
    scorer = Scorer(causal(), byte_tokenizer(), window=16)
    torch.testing.assert_close(scorer.losses([ids], 50)[0], scorer.losses([ids])[0][50:], atol=1e-4, rtol=1e-4)
    assert [len(losses) for losses in scorer.losses([ids, ids[:60]], 50)] == [len(ids) - 51, 9]


def test_a_prefix_stands_before_every_window():
    scorer = Scorer(causal(), byte_tokenizer(), window=24)
    ids, question = (byte_tokenizer()(text)["input_ids"] for text in (STORY, QUESTION))
    prefix = question[:8]
    losses = scorer.losses([ids], prefix=prefix)[0]
    np.testing.assert_allclose(losses[:15], literally([*prefix, *ids[:16]])[8:], atol=1e-4)
    np.testing.assert_allclose(losses[15:23], literally([*prefix, *ids[8:24]])[15:], atol=1e-4)
    with pytest.raises(PrunariumError, match=r"23 tokens before the text leave no room in the scorer's window of 24"):
        scorer.losses([ids], prefix=ids[:23])


OTHERS = {
    "gpt2": lambda sizes: GPT2LMHeadModel(GPT2Config(n_layer=1, n_embd=16, n_head=2, n_positions=64, vocab_size=330)),
    "qwen2": lambda sizes: Qwen2ForCausalLM(Qwen2Config(**sizes, num_key_value_heads=1)),
    "neox": lambda sizes: GPTNeoXForCausalLM(GPTNeoXConfig(**sizes)),
    "opt": lambda sizes: OPTForCausalLM(OPTConfig(**sizes, ffn_dim=16, word_embed_proj_dim=16)),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_other_causal_models_read_many_texts_as_one(kind):
    sizes = {
        "num_hidden_layers": 1,
        "hidden_size": 16,
        "num_attention_heads": 2,
        "intermediate_size": 16,
        "vocab_size": 330,
        "max_position_embeddings": 64,
    }
    torch.manual_seed(0)
    scorer = Scorer(peaked(OTHERS[kind](sizes)), byte_tokenizer())
    assert scorer.window == 64
    sequences = [byte_tokenizer()(text)["input_ids"] for text in (STORY[:40], QUESTION[:9], STORY)]
    for ids, losses in zip(sequences, scorer.losses(sequences), strict=True):
        torch.testing.assert_close(losses, scorer.losses([ids])[0], atol=1e-4, rtol=1e-4)


def test_windows_leave_half_of_them_before_every_token():
    ids = byte_tokenizer()(STORY)["input_ids"]
    losses = Scorer(causal(), byte_tokenizer(), window=16).losses([ids])[0]
    assert len(losses) == len(ids) - 1
    whole = literally(ids[:16])
    np.testing.assert_allclose(losses[:15], whole, atol=1e-4)
    np.testing.assert_allclose(losses[15:23], literally(ids[8:24])[7:], atol=1e-4)


def test_reading_begins_every_text_and_sums_the_bytes_of_a_character():
    scorer = Scorer(causal(), byte_tokenizer())
    [one, other] = scorer.read(["a 🙂", "dog"])
    ids = byte_tokenizer()("a 🙂")["input_ids"]
    losses = literally([byte_tokenizer().bos_token_id, *ids])
    assert one.spans == [(0, 1), (1, 2), (2, 3)] or one.spans == [(0, 1), (1, 3)]
    assert sum(one.nats) == pytest.approx(sum(losses), abs=1e-3)
    assert one.nats[0] == pytest.approx(losses[0], abs=1e-4)
    assert len(other.nats) == len(other.spans)


def test_a_scorer_leaves_the_model_as_it_was():
    model = causal().train()
    Scorer(model, byte_tokenizer()).losses([[1, 2, 3]])
    assert model.training
    assert all(weight.grad is None for weight in model.eval().parameters())


def test_what_a_scorer_refuses():
    plain = Tokenizer(models.WordLevel({"a": 0}, unk_token="a"))
    plain.pre_tokenizer = pre_tokenizers.Whitespace()
    with pytest.raises(PrunariumError, match="no token that a text begins with"):
        Scorer(causal(), PreTrainedTokenizerFast(tokenizer_object=plain)).read(["a"])
    with pytest.raises(PrunariumError, match="does not say where its tokens stand"):
        Scorer(causal(), object())
    with pytest.raises(PrunariumError, match="a window of 65 tokens does not go with a model that reads 2 to 64"):
        Scorer(causal(), byte_tokenizer(), window=65)
    with pytest.raises(PrunariumError, match="the classifier has 3 labels"):
        TokenClassifier(bert(BertForTokenClassification, num_labels=3), word_tokenizer())


@torch.no_grad()
def test_a_classifier_reads_chunks_that_end_with_sentences():
    model = bert(BertForTokenClassification, num_labels=2)
    chunks = TokenClassifier(model, word_tokenizer()).classify(STORY)
    texts = [STORY[chunk.spans[0][0] : chunk.spans[-1][1]] for chunk in chunks]
    assert "".join(texts) == STORY and len(chunks) > 1
    for text, chunk in zip(texts, chunks, strict=True):
        assert text.endswith(".") and len(chunk.keep) <= 32
        assert [STORY[start:end].strip() for start, end in chunk.spans] == [
            text[start:end] for _, (start, end) in pre_tokenizers.Whitespace().pre_tokenize_str(text)
        ]
        read = word_tokenizer()(text, return_tensors="pt", return_token_type_ids=False)
        keep = model(**read).logits[0].softmax(-1)[1:-1, 1]
        np.testing.assert_allclose(chunk.keep, keep, atol=1e-5)
        assert chunk.words == list(range(len(chunk.spans)))


@torch.no_grad()
def test_an_encoder_reads_sentences_in_their_context():
    model, spans = bert(BertModel), sentences(STORY[:80])
    vectors = SentenceEncoder(model, word_tokenizer()).embed(STORY[:80], spans)
    states = model(**word_tokenizer()(STORY[:80], return_tensors="pt", return_token_type_ids=False))[0][0, 1:-1]
    offsets = word_tokenizer()(STORY[:80], return_offsets_mapping=True, add_special_tokens=False)["offset_mapping"]
    assert len(offsets) == len(states) <= 32
    for (start, end), vector in zip(spans, vectors, strict=True):
        mine = [state for state, (first, _) in zip(states, offsets, strict=True) if start <= first < end]
        torch.testing.assert_close(vector, torch.stack(mine).mean(0), atol=1e-4, rtol=1e-4)


def test_positions_that_roberta_keeps_for_padding_are_not_read():
    config = RobertaConfig(
        num_hidden_layers=1,
        hidden_size=16,
        num_attention_heads=2,
        intermediate_size=16,
        vocab_size=len(word_tokenizer()),
        max_position_embeddings=36,
        pad_token_id=1,
        num_labels=2,
    )
    classifier = TokenClassifier(RobertaForTokenClassification(config), word_tokenizer())
    assert classifier.window == 32
    assert sum(len(chunk.keep) for chunk in classifier.classify(" red" * 70)) == 70


def test_an_encoder_reads_what_is_longer_than_its_window():
    vectors = SentenceEncoder(bert(BertModel), word_tokenizer(), window=8).embed(STORY, sentences(STORY))
    assert vectors.shape == (8, 16) and vectors.isfinite().all()
    assert (vectors.norm(dim=1) > 0).all()
    assert not SentenceEncoder(bert(BertModel), word_tokenizer()).embed(" \n", [(0, 2)]).any()
