"""Text models and datasets on the disk, as the Hugging Face hub lays them out; all tiny and random."""

import functools
import json

import pyarrow
from pyarrow import parquet
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from tests.families.decoder_models import make as make_decoder
from tests.families.encoder_models import make as make_encoder

SPECIAL = ("<pad>", "<s>", "</s>", "<unk>")
WORDS = (*SPECIAL, "where", "is", "the", "red", "ball", "it", "was", "in", "garden", "yes", "no", "?", ".")
SENTENCE = "the red ball was in the garden . "


@functools.cache
def word_tokenizer(pairs=True):
    """Words, of which no more than 60 are there; what begins and ends a text is put there for encoders."""
    words = [*WORDS, *(f"<word {number}>" for number in range(60))][:60]
    made = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = _ends(pairs)
    return _fast(made)


@functools.cache
def typed_tokenizer():
    """The same, which also tells the two texts of a pair apart, as BERT's do."""
    made = word_tokenizer().backend_tokenizer
    return _fast(made, model_input_names=["input_ids", "token_type_ids", "attention_mask"])


@functools.cache
def byte_tokenizer(pairs=True):
    """Bytes alone: every script is read, and most letters are several tokens."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {"<pad>": 0, "<s>": 1, "</s>": 2, "<unk>": 3}
    vocabulary |= {letter: 4 + number for number, letter in enumerate(letters)}
    made = Tokenizer(models.BPE(vocabulary, [], unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.post_processor = _ends(pairs)
    return _fast(made)


def _ends(pairs):
    """What is put around a text: by encoders at both ends, by decoders in front."""
    special = {"special_tokens": [("<s>", 1), ("</s>", 2)]}
    if not pairs:
        return processors.TemplateProcessing(single="<s> $A", **special)
    return processors.TemplateProcessing(single="<s> $A </s>", pair="<s> $A </s> $B:1 </s>:1", **special)


def _fast(made, **extra):
    special = {"pad_token": "<pad>", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    return PreTrainedTokenizerFast(tokenizer_object=made, cls_token="<s>", sep_token="</s>", **special, **extra)


def save_encoder(folder, kind="BertForSequenceClassification", tokenizer=None, **extra):
    """An encoder with its head and tokenizer in a folder of its own."""
    tokenizer = tokenizer or word_tokenizer()
    sizes = {"vocab_size": len(tokenizer), "pad_token_id": 0, "max_position_embeddings": 80, **extra}
    model = make_encoder(kind, **sizes)
    return _save(folder, model, tokenizer)


def save_decoder(folder, kind="llama", tokenizer=None, template=None, **extra):
    """A decoder with its tokenizer in a folder of its own."""
    tokenizer = tokenizer or word_tokenizer(pairs=False)
    model = make_decoder(kind, **{"vocab_size": len(tokenizer), "max_position_embeddings": 700, **extra})
    _save(folder, model, tokenizer)
    if template:
        (folder / "chat_template.jinja").write_text(template)
    return folder


def _save(folder, model, tokenizer):
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def sentiments(count=10):
    """Rows of texts with a class."""
    return [
        {"text": SENTENCE * (1 + number % 3) + "yes no"[: 3 * (number % 2)], "label": number % 3}
        for number in range(count)
    ]


def questions(count=4):
    """Rows as SQuAD has them; the last has no answer."""
    context = "the garden was red . the ball is in the garden ."
    rows = []
    for number in range(count):
        answered = number < count - 1
        answers = (
            {"text": ["the garden", "garden"], "answer_start": [36, 40]}
            if answered
            else {"text": [], "answer_start": []}
        )
        rows.append(
            {"context": context + f" {SENTENCE}" * number, "question": "where is the ball ?", "answers": answers}
        )
    return rows


def write_parquet(path, rows, names=None):
    """A parquet file; ``names`` of the classes are noted as the ``datasets`` library does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(_table(rows, names), path)
    return path


def save_to_disk(folder, rows, names=None):
    """A folder as ``Dataset.save_to_disk`` writes it."""
    folder.mkdir(parents=True)
    table = _table(rows, names)
    with (
        pyarrow.OSFile(str(folder / "data-00000-of-00001.arrow"), "wb") as file,
        pyarrow.ipc.new_stream(file, table.schema) as out,
    ):
        out.write_table(table)
    (folder / "dataset_info.json").write_text(json.dumps({"features": {}}))
    (folder / "state.json").write_text(json.dumps({"_data_files": [{"filename": "data-00000-of-00001.arrow"}]}))
    return folder


def write_lines(path, rows):
    """JSON lines."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def _table(rows, names):
    table = pyarrow.Table.from_pylist(rows)
    if names is None:
        return table
    features = {"label": {"names": names, "_type": "ClassLabel"}}
    return table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})


ENCODERS = ("Bert", "Roberta", "DistilBert")
