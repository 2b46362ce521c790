"""The small language models of ``storyworld``: ordinary classes of transformers with random weights."""

from typing import TYPE_CHECKING

from prunarium.bench import story_words
from prunarium.bench.story_tokenizer import ROOM

if TYPE_CHECKING:
    from transformers import BertForSequenceClassification, LlamaForCausalLM

WIDTH = 64
HEADS = 4
ENCODER_ROOM = 512
"""Tokens that the encoder has positions for."""


def story_bert() -> "BertForSequenceClassification":
    """transformers' BertForSequenceClassification: 6 layers of width 64; its 16 classes are the places of the stories.

    Takes ``input_ids`` and ``token_type_ids`` ``[batch, tokens]``, the question before the story, at most 512 tokens.
    """
    from transformers import BertConfig, BertForSequenceClassification

    return BertForSequenceClassification(
        BertConfig(
            vocab_size=len(story_words.VOCABULARY),
            hidden_size=WIDTH,
            intermediate_size=3 * WIDTH,
            num_hidden_layers=6,
            num_attention_heads=HEADS,
            max_position_embeddings=ENCODER_ROOM,
            initializer_range=0.1,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            num_labels=len(story_words.PLACES),
            pad_token_id=story_words.PAD,
        )
    )


def story_llama() -> "LlamaForCausalLM":
    """transformers' LlamaForCausalLM that answers: 6 layers of width 64, 4 query heads and 2 key heads.

    Takes ``input_ids`` ``[batch, tokens]``, the story before the question, at most 4,096 tokens with the answer.
    """
    return _llama(layers=6)


def story_scorer() -> "LlamaForCausalLM":
    """The same with 3 layers: it tells how much each word of a prompt surprises."""
    return _llama(layers=3)


def _llama(layers: int) -> "LlamaForCausalLM":
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(story_words.VOCABULARY),
            hidden_size=WIDTH,
            intermediate_size=3 * WIDTH,
            num_hidden_layers=layers,
            num_attention_heads=HEADS,
            num_key_value_heads=HEADS // 2,
            max_position_embeddings=ROOM,
            initializer_range=0.1,
            pad_token_id=story_words.PAD,
            bos_token_id=story_words.BOS,
            eos_token_id=story_words.EOS,
        )
    )
