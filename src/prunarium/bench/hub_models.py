"""Vision-language models from a directory in the layout of the Hugging Face hub. Nothing is fetched."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prunarium.bench.hub_files import config_of, in_one_line, make_greedy, name_of, weights_of
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
        with in_one_line(f"{self.name}: its chat template cannot word a prompt"):
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
    with in_one_line(f"{path}: holds no processor that can be read (tokenizer.json, processor_config.json...)"):
        processor: Any = AutoProcessor.from_pretrained(path, local_files_only=True)
    if type(processor).__name__ != PROCESSORS[kind]:
        raise PrunariumError(
            f"{path}: the processor does not match the model: it is a {type(processor).__name__}, the model, a {kind}, "
            f"needs a {PROCESSORS[kind]}"
        )
    processor.tokenizer.padding_side = "left"
    model, missing = weights_of(path, AutoModelForImageTextToText, attn_implementation="sdpa")
    if missing:
        raise PrunariumError(f"{path}: its weights are not complete: {missing[0]} and {len(missing) - 1} more lack")
    _check_match(path, model, processor)
    make_greedy(model)
    return HubModel(name_of(path), model, processor)


def _kind_of(path: Path) -> str:
    config = config_of(path)
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
