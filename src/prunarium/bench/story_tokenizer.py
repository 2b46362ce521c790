"""The tokenizer of ``storyworld``: a word is a token, and so is a punctuation mark."""

from typing import TYPE_CHECKING

from prunarium.bench.story_words import BOS, EOS, PAD, UNKNOWN, VOCABULARY
from prunarium.bench.storyworld import LONGEST

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

ROOM = 4096
"""Tokens that a decoder has positions for: the longest story, and as many words after it."""
assert ROOM >= 2 * LONGEST


def story_tokenizer() -> "PreTrainedTokenizerFast":
    """transformers' own class for fast tokenizers, with offsets, made of the vocabulary: it needs no file.

    One text becomes ``<bos> text``, as decoders read it, padded on the left; two, of which the first is the question,
    become ``<bos> question <eos> story <eos>``, as encoders read it (``return_token_type_ids=True`` tells them apart).
    Decoding puts no space before a punctuation mark. A word that no story has becomes ``<unk>``.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    pad, bos, eos, unknown = (VOCABULARY[number] for number in (PAD, BOS, EOS, UNKNOWN))
    made = Tokenizer(models.WordLevel({word: number for number, word in enumerate(VOCABULARY)}, unk_token=unknown))
    made.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation()])
    made.decoder = decoders.WordPiece(cleanup=True)
    made.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A", pair=f"{bos} $A {eos} $B:1 {eos}:1", special_tokens=[(bos, BOS), (eos, EOS)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        pad_token=pad,
        bos_token=bos,
        eos_token=eos,
        cls_token=bos,
        sep_token=eos,
        unk_token=unknown,
        padding_side="left",
        model_max_length=ROOM,
        model_input_names=["input_ids", "attention_mask"],
        clean_up_tokenization_spaces=False,
    )
