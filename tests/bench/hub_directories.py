"""Vision-language models and questions on the disk, as the Hugging Face hub lays them out; all tiny and random."""

import io

import numpy as np
import pyarrow
from PIL import Image
from pyarrow import parquet
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from transformers import (
    CLIPImageProcessor,
    LlavaNextImageProcessor,
    LlavaNextProcessor,
    LlavaProcessor,
    PreTrainedTokenizerFast,
    Qwen2_5_VLProcessor,
    Qwen2VLImageProcessor,
    Qwen2VLVideoProcessor,
)

from tests.families.vlm_models import IMAGE, make_llava, make_llava_next, make_qwen

WORDS = ("<pad>", "<bos>", "<eos>", "<unk>", "user", "assistant", "what", "is", "it", "red", "blue", "yes", "no")
LETTERS = [chr(number) for number in range(ord("A"), ord("Z") + 1)]
NAMES = {"llava": "<image>", "llava-next": "<image>", "qwen2.5-vl": "<|image_pad|>"}
SIDE = {"height": 24, "width": 24}
PINPOINTS = [[24, 48], [48, 24], [48, 48]]


def tokenizer(image="<image>", special=()):
    """A word-level tokenizer of 60 words whose last is the image's place."""
    words = [*WORDS, *LETTERS, *(f"<word {number}>" for number in range(60))][: IMAGE - len(special)]
    vocabulary = {word: number for number, word in enumerate([*words, *special, image])}
    made = Tokenizer(WordLevel(vocabulary, unk_token="<unk>"))
    made.pre_tokenizer = Whitespace()
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        pad_token="<pad>",
        bos_token="<bos>",
        eos_token="<eos>",
        unk_token="<unk>",
        additional_special_tokens=[*special, image],
    )


def template(image):
    """A chat template that puts the image where the message has it."""
    return (
        "{% for message in messages %}{{ message['role'] }} {% for part in message['content'] %}"
        f"{{% if part['type'] == 'image' %}}{image} "
        "{% else %}{{ part['text'] }} {% endif %}{% endfor %}{% endfor %}"
        "{% if add_generation_prompt %}assistant{% endif %}"
    )


def _tiled(kind, images):
    return kind(
        images,
        tokenizer(),
        patch_size=4,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=template("<image>"),
    )


def processor(kind):
    """The processor that belongs to a model."""
    if kind == "llava":
        return _tiled(LlavaProcessor, CLIPImageProcessor(size={"shortest_edge": 24}, crop_size=SIDE))
    if kind == "llava-next":
        images = LlavaNextImageProcessor(size={"shortest_edge": 24}, crop_size=SIDE, image_grid_pinpoints=PINPOINTS)
        return _tiled(LlavaNextProcessor, images)
    sizes = {"patch_size": 4, "merge_size": 2, "temporal_patch_size": 2}
    images = Qwen2VLImageProcessor(**sizes, size={"shortest_edge": 64, "longest_edge": 2304})
    special = ("<|vision_end|>", "<|vision_start|>", "<|video_pad|>")
    image = f"<|vision_start|> {NAMES[kind]} <|vision_end|>"
    words = tokenizer(NAMES[kind], special)
    return Qwen2_5_VLProcessor(images, words, Qwen2VLVideoProcessor(**sizes), chat_template=template(image))


MODELS = {"llava": make_llava, "llava-next": make_llava_next, "qwen2.5-vl": make_qwen}


def save(folder, kind):
    """A model with its processor in a folder of its own."""
    MODELS[kind]().save_pretrained(folder)
    processor(kind).save_pretrained(folder)
    return folder


def picture(number, size=(40, 30)):
    """A small noisy picture."""
    pixels = np.random.default_rng(number).integers(256, size=(*reversed(size), 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def png(image):
    """The bytes of a PNG file."""
    stream = io.BytesIO()
    image.save(stream, "png")
    return stream.getvalue()


def rows(answers, **others):
    """One row for each question's answers, with columns of the same for all beside it."""
    return [
        {"image": {"bytes": png(picture(number)), "path": None}, "question": "what is it ?", "answers": of, **others}
        for number, of in enumerate(answers)
    ]


def write(path, found, group=3):
    """Rows as a parquet file with groups of so many rows, as the hub has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pyarrow.Table.from_pylist(found), path, row_group_size=group)
    return path
