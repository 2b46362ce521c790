"""Text models from a directory in the layout of the Hugging Face hub: encoders with a head, and decoders."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from prunarium.bench.hub_files import config_of, in_one_line, make_greedy, name_of, weights_of
from prunarium.errors import PrunariumError
from prunarium.records import Family

ENCODERS = ("bert", "roberta", "distilbert", "deberta-v2")
DECODERS = ("llama", "mistral", "qwen2", "qwen3", "gpt_neox", "opt")
_TYPES: dict[Family, tuple[str, ...]] = {"encoder": ENCODERS, "decoder": DECODERS}
_HEADS = {
    "AutoModelForSequenceClassification": "text classification",
    "AutoModelForQuestionAnswering": "extractive question answering",
    "AutoModelForCausalLM": "saying words",
}
_WORDS = (
    "tokenizer.json",
    "tokenizer.model",
    "vocab.txt",
    "vocab.json",
    "spiece.model",
    "spm.model",
    "sentencepiece.bpe.model",
)
"""Files of a tokenizer: without any of them transformers make an empty one."""


@dataclass(frozen=True)
class TextModel:
    """A text model with its tokenizer.

    Attributes:
        name: of the directory.
        model: in the precision of its files, ready for inference; a decoder generates greedily.
        tokenizer: a fast one, which says where its tokens stand in the text.
    """

    name: str
    model: Any
    tokenizer: Any

    @property
    def longest(self) -> int:
        """Tokens that it reads at once, special ones included."""
        config = self.model.config
        positions = getattr(config, "max_position_embeddings", 0) or 1 << 30
        if config.model_type == "roberta":
            positions -= config.pad_token_id + 1  # positions count on from the padding's
        return min(positions, self.tokenizer.model_max_length)

    @property
    def pad(self) -> int:
        """The token that fills up; what tells it from a text is the attention mask, and RoBERTa's positions."""
        known = (self.model.config.pad_token_id, self.tokenizer.pad_token_id, 0)
        return next(token for token in known if token is not None)

    def spell(self, ids: Sequence[int]) -> list[str]:
        """Each token of a text as a person reads it, without the signs of white space."""
        pieces = [self.tokenizer.decode([number]).strip() for number in ids]
        return [piece or "_" for piece in pieces]

    def read(self, ids: Tensor | Sequence[Any]) -> list[str]:
        """The text of generated token ids ``[batch, words]``."""
        texts: list[str] = self.tokenizer.batch_decode(ids, skip_special_tokens=True)
        return texts


def family_of(path: Path) -> Family | None:
    """Of text models, the one that a directory's is of; ``None`` where it holds a model of another kind.

    Raises:
        PrunariumError: as ``config_of``.
    """
    kind = config_of(path).model_type
    return next((family for family, types in _TYPES.items() if kind in types), None)


def load_text_model(path: Path, head: str) -> TextModel:
    """A text model and its tokenizer.

    Args:
        path: of the directory.
        head: the ``Auto`` class of transformers that has the head which is needed.

    Raises:
        PrunariumError: the directory is missing or incomplete, or holds another kind of model.
    """
    import transformers

    family: Family = "decoder" if head == "AutoModelForCausalLM" else "encoder"
    if family_of(path) != family:
        raise PrunariumError(
            f"--model {path}: is of type '{config_of(path).model_type}'; {_what(head)} needs a directory with a "
            f"model of one of these types: {', '.join(_TYPES[family])}"
        )
    tokenizer = _tokenizer(path)
    fused = {} if config_of(path).model_type == "deberta-v2" else {"attn_implementation": "sdpa"}
    model, missing = weights_of(path, getattr(transformers, head), **fused)
    if missing:
        raise PrunariumError(
            f"{path}: its weights are not complete for {_what(head)}: {missing[0]} and {len(missing) - 1} more lack; "
            f"give a checkpoint that {head} loads whole"
        )
    if len(tokenizer) > (rows := model.get_input_embeddings().num_embeddings):
        raise PrunariumError(
            f"{path}: the tokenizer does not match the model: it has {len(tokenizer)} tokens, the model {rows}; take "
            "the files of one model"
        )
    if family == "decoder":
        make_greedy(model)
    return TextModel(name_of(path), model, tokenizer)


def _what(head: str) -> str:
    return _HEADS.get(head, "this benchmark")


def _tokenizer(path: Path) -> Any:
    from transformers import AutoTokenizer

    if not any((path / name).is_file() for name in _WORDS):
        raise PrunariumError(
            f"{path}: holds no tokenizer; copy the one that belongs to the model there (tokenizer.json and "
            "tokenizer_config.json)"
        )
    with in_one_line(f"{path}: holds no tokenizer that can be read"):
        tokenizer: Any = AutoTokenizer.from_pretrained(path, local_files_only=True)
    if not tokenizer.is_fast:
        raise PrunariumError(
            f"{path}: its {type(tokenizer).__name__} does not say where tokens stand in the text; save the fast one, "
            "with its tokenizer.json"
        )
    return tokenizer
