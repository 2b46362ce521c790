"""What tests of the prompt family share: tiny tokenizers and models, made on the spot."""

from functools import cache

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    BertConfig,
    BertForTokenClassification,
    BertModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

from prunarium import load, registry
from prunarium.families import Scorer, SentenceEncoder, TokenClassifier

METHODS = sorted(name for name, card in registry.cards().items() if "prompt" in card.families)
STORY = (
    "Mary went to the kitchen. She took the red ball there! Mr. Brown paid 3.50 for 12 apples.\n\n"
    "John was in the garden, behind the house. Is the old dog asleep? Nobody knows.\n\n"
    "The parcel came at 10:45 on a rainy day. Sandra carried it to the office."
)
QUESTION = "Where is the red ball?"


@cache
def byte_tokenizer():
    """Byte-level BPE as GPT-2's: every script is read, a character may be several tokens."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=330,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        special_tokens=["<s>"],
        show_progress=False,
    )
    made.train_from_iterator([STORY, QUESTION], trainer)
    return PreTrainedTokenizerFast(tokenizer_object=made, bos_token="<s>")


@cache
def word_tokenizer():
    """Words and marks of punctuation, white space left out, a special token on each side, as BERT's."""
    words = sorted(set(words_of(STORY + QUESTION)))
    vocabulary = {word: index for index, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *words])}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return PreTrainedTokenizerFast(tokenizer_object=made, unk_token="[UNK]", pad_token="[PAD]")


def words_of(text):
    return [word for word, _ in pre_tokenizers.Whitespace().pre_tokenize_str(text)]


@cache
def sentence_piece():
    """White space is part of a word, unknown characters fall back to bytes, as in Llama's."""
    letters = {letter: index for index, letter in enumerate(["<unk>", "▁", *"aber", "▁a", "ar"])}
    fallback = {f"<0x{byte:02X}>": len(letters) + byte for byte in range(256)}
    made = Tokenizer(
        models.BPE(letters | fallback, [("▁", "a"), ("a", "r")], unk_token="<unk>", byte_fallback=True, fuse_unk=False)
    )
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    return PreTrainedTokenizerFast(tokenizer_object=made, unk_token="<unk>")


@cache
def word_piece():
    """Small letters without accents, pieces of words, as in BERT's."""
    pieces = ["[UNK]", *"aber", *(f"##{letter}" for letter in "aber")]
    made = Tokenizer(models.WordPiece({piece: index for index, piece in enumerate(pieces)}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return PreTrainedTokenizerFast(tokenizer_object=made, unk_token="[UNK]")


@cache
def causal():
    torch.manual_seed(0)
    config = LlamaConfig(
        num_hidden_layers=1,
        hidden_size=16,
        num_attention_heads=2,
        intermediate_size=16,
        vocab_size=330,
        max_position_embeddings=64,
    )
    return peaked(LlamaForCausalLM(config))


def bert(kind, **more):
    torch.manual_seed(0)
    config = BertConfig(
        num_hidden_layers=1,
        hidden_size=16,
        num_attention_heads=2,
        intermediate_size=16,
        vocab_size=len(word_tokenizer()),
        max_position_embeddings=34,
        **more,
    )
    return peaked(kind(config))


def peaked(model):
    """Larger weights: with the default ones every token is about as likely as any other."""
    with torch.no_grad():
        for weight in model.parameters():
            if weight.dim() > 1:
                weight.mul_(20)
    return model.eval()


@cache
def scorer_for(kind):
    """What a method scores with, by its class."""
    if kind is Scorer:
        return Scorer(causal(), byte_tokenizer())
    if kind is TokenClassifier:
        return TokenClassifier(bert(BertForTokenClassification, num_labels=2), word_tokenizer())
    return SentenceEncoder(bert(BertModel), word_tokenizer()) if kind is SentenceEncoder else None


def compressed(name, text, question=QUESTION, tokenizer=None, protected=(), **parameters):
    """A prompt shortened by a method of the registry."""
    method = load(name, **parameters)
    return method.compress(
        text,
        question=question,
        scorer=scorer_for(method.scores_with),
        tokenizer=tokenizer or byte_tokenizer(),
        protected=protected,
    )
