"""Vision-language models from a directory in the layout of the Hugging Face hub. Nothing is fetched."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prunarium.errors import PrunariumError, did_you_mean

PROCESSORS = {
    "llava": "LlavaProcessor",
    "llava_next": "LlavaNextProcessor",
    "qwen2_5_vl": "Qwen2_5_VLProcessor",
}
"""The processor of each type of model that an adapter is there for."""


@dataclass(frozen=True)
class HubModel:
    """A model with the processor that makes its inputs.

    Attributes:
        name: of the directory.
        model: in the precision of its files, ready for inference, generating greedily.
        processor: pads on the left.
    """

    name: str
    model: Any
    processor: Any

    @property
    def patch(self) -> int:
        """Pixels along what becomes one token."""
        vision = self.model.config.vision_config
        return vision.patch_size * getattr(vision, "spatial_merge_size", 1)

    def read(self, ids: Any) -> list[str]:
        """The text of generated token ids ``[batch, words]``."""
        return self.processor.tokenizer.batch_decode(ids, skip_special_tokens=True)

    def prompt(self, question: str) -> str:
        """A question about one image as the model's chat template words it; as it is, where it has a place for the
        image itself.

        Raises:
            PrunariumError: there is no chat template, or it leaves no place for the image.
        """
        token = self.processor.image_token
        if token in question:
            return question
        if not self.processor.chat_template:
            raise PrunariumError(
                f"{self.name}: has no chat template; add chat_template.jinja to the directory, or give the whole "
                f"--prompt with {token} where the image belongs"
            )
        content = [{"type": "image"}, {"type": "text", "text": question}]
        messages = [{"role": "user", "content": content}]
        with _in_one_line(f"{self.name}: its chat template cannot word a prompt"):
            worded: str = self.processor.apply_chat_template(messages, add_generation_prompt=True)
        if token not in worded:
            raise PrunariumError(
                f"{self.name}: its chat template makes a prompt without an image, with no {token} in it; take the "
                "template that belongs to the model"
            )
        return worded


def is_directory(name: str, parent: Path = Path()) -> bool:
    """Whether a model's name is meant as that of a directory; names of timm's models have no slash."""
    if "/" in name:
        return True
    if not name or not (parent / name).is_dir():
        return False
    import timm

    return not timm.is_model(name.partition(".")[0])


def load_directory(path: Path) -> HubModel:
    """A model with SDPA attention and its processor.

    Raises:
        PrunariumError: the directory is missing or incomplete, holds another kind of model, or a processor that does
            not match it.
    """
    from transformers import AutoModelForImageTextToText, AutoProcessor

    kind = _kind_of(path)
    with _in_one_line(f"{path}: holds no processor that can be read (tokenizer.json, processor_config.json...)"):
        processor: Any = AutoProcessor.from_pretrained(path, local_files_only=True)
    if type(processor).__name__ != PROCESSORS[kind]:
        raise PrunariumError(
            f"{path}: the processor does not match the model: it is a {type(processor).__name__}, the model, a {kind}, "
            f"needs a {PROCESSORS[kind]}"
        )
    processor.tokenizer.padding_side = "left"
    with _in_one_line(f"{path}: its weights cannot be read"), _without_bars():
        model, report = AutoModelForImageTextToText.from_pretrained(
            path, dtype="auto", attn_implementation="sdpa", local_files_only=True, output_loading_info=True
        )
    if missing := sorted(report["missing_keys"]):
        raise PrunariumError(f"{path}: its weights are not complete: {missing[0]} and {len(missing) - 1} more lack")
    _check_match(path, model, processor)
    _make_greedy(model)
    return HubModel(_name_of(path), model.eval(), processor)


def _kind_of(path: Path) -> str:
    from transformers import AutoConfig

    if not path.is_dir():
        raise PrunariumError(
            f"--model {path}: there is no such directory; 'hf download REPOSITORY --local-dir DIR' makes one where "
            "there is a network, then give DIR"
        )
    if not (path / "config.json").is_file():
        raise PrunariumError(f"--model {path}: holds no config.json; give the directory that does")
    with _in_one_line(f"--model {path}: its config.json is of no model that transformers know"):
        config = AutoConfig.from_pretrained(path, local_files_only=True)
    if config.model_type not in PROCESSORS:
        what = "is" if hasattr(config, "vision_config") else "is a text-only model,"
        raise PrunariumError(
            f"--model {path}: {what} of type '{config.model_type}'{did_you_mean(config.model_type, PROCESSORS)}; "
            f"vision-language models of these types can be run: {', '.join(PROCESSORS)}"
        )
    return config.model_type


def _check_match(path: Path, model: Any, processor: Any) -> None:
    """Refuse a processor of a model of the same type but with other tokens."""
    due, found = model.config.image_token_id, processor.image_token_id
    rows = model.get_input_embeddings().num_embeddings
    if found != due:
        fault = f"its image token is {found}, the model's {due}"
    elif len(processor.tokenizer) > rows:
        fault = f"its tokenizer has {len(processor.tokenizer)} tokens, the model {rows}"
    else:
        return
    raise PrunariumError(f"{path}: the processor does not match the model: {fault}; take the files of one model")


def _make_greedy(model: Any) -> None:
    """Leave nothing of the generation settings but which tokens end and pad: no penalties, no sampling."""
    from transformers import GenerationConfig

    given = model.generation_config
    ends = given.eos_token_id
    pad = given.pad_token_id
    if pad is None:
        pad = ends[0] if isinstance(ends, list) else ends
    model.generation_config = GenerationConfig(
        bos_token_id=given.bos_token_id, eos_token_id=ends, pad_token_id=0 if pad is None else pad
    )


def _name_of(path: Path) -> str:
    """The directory's name; of one in the hub's cache, that of the repository."""
    resolved = path.resolve()
    if resolved.parent.name == "snapshots":
        return resolved.parent.parent.name.rpartition("--")[2]
    return resolved.name


@contextmanager
def _without_bars() -> Iterator[None]:
    """Keep transformers from drawing progress bars between our own lines."""
    from transformers.utils import logging

    drawn = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if drawn:
            logging.enable_progress_bar()


@contextmanager
def _in_one_line(what: str) -> Iterator[None]:
    """Turn whatever transformers raise on files that somebody else wrote into one line."""
    try:
        yield
    except Exception as error:
        first = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise PrunariumError(f"{what}: {first}") from error
