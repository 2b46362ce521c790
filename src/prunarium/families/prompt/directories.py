"""Tokenizers and scorers from a directory in the layout of the Hugging Face hub. Nothing is fetched."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from prunarium.errors import PrunariumError
from prunarium.families.prompt.classifier import TokenClassifier
from prunarium.families.prompt.encoder import SentenceEncoder
from prunarium.families.prompt.scorer import Scorer

_MODELS = {
    Scorer: "AutoModelForCausalLM",
    TokenClassifier: "AutoModelForTokenClassification",
    SentenceEncoder: "AutoModel",
}


def tokenizer_from(path: Path) -> Any:
    """The tokenizer in a directory.

    Raises:
        PrunariumError: there is no such directory, or no tokenizer that can be read in it.
    """
    from transformers import AutoTokenizer

    return _read(AutoTokenizer.from_pretrained, path, "tokenizer")


def scorer_from(kind: type, path: Path) -> Any:
    """A scorer of the kind that a method asks for, from the directory of its model and tokenizer.

    Raises:
        PrunariumError: there is no such directory, or no model or tokenizer of that kind that can be read in it.
    """
    import transformers

    model = _read(getattr(transformers, _MODELS[kind]).from_pretrained, path, f"model for {kind.__name__}")
    return kind(model, tokenizer_from(path))


def _read(load: Callable[..., Any], path: Path, what: str) -> Any:
    if not path.is_dir():
        raise PrunariumError(f"{path}: there is no such directory; give one with the files of a {what}")
    try:
        return load(path, local_files_only=True)
    except Exception as error:  # transformers raises whatever the files lead it to
        reason = " ".join(str(error).split())[:200]
        raise PrunariumError(f"{path}: holds no {what} that transformers can read: {reason}") from error
