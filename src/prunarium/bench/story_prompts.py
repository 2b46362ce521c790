"""``storyworld`` as text, for what shortens prompts before a model reads them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from prunarium.bench.responses import generated_words
from prunarium.bench.story_tokenizer import story_tokenizer
from prunarium.bench.story_words import ANSWER_WORDS, in_words
from prunarium.bench.storyworld import Asked

BATCH = 32


def texts(asked: Asked) -> list[tuple[str, str]]:
    """Story and question of each."""
    pairs = zip(asked.stories.words, asked.questions(), strict=True)
    return [(in_words(story), in_words(question)) for story, question in pairs]


@torch.inference_mode()
def said_to(model: Any, prompts: Sequence[str]) -> np.ndarray:
    """What a decoder of ``storyworld`` says to prompts of any lengths, as ``Asked.answers`` says what is right.

    Args:
        model: of ``story_models``.
        prompts: a story, or what is left of it, with its question at the end.

    Returns:
        token ids ``[prompts, 4]``, to be judged by ``responses.right``.
    """
    tokenizer, respond = story_tokenizer(), generated_words(ANSWER_WORDS)
    said = []
    for start in range(0, len(prompts), BATCH):
        read = tokenizer(list(prompts[start : start + BATCH]), padding=True, return_tensors="pt")
        said.append(respond(model, dict(read.to(model.device))).said.cpu().numpy())
    return np.concatenate(said)
