import zlib
from collections.abc import Iterator
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from prunarium.families import Prompt, PromptMethod, Ranked, sentences


class RandomPrompt(PromptMethod):
    """Keep random sentences or tokens of a prompt, in their order: what every method for prompts must beat.

    What is kept at a lower budget is, but for the last part that fits, among what is kept at a higher one.
    """

    unit: Literal["sentence", "token"] = Field("sentence", description="what is kept or dropped as one")
    seed: Annotated[int, Field(ge=0, strict=True)] = Field(
        0, description="the same seed drops the same parts of a prompt"
    )

    def rank(self, prompt: Prompt) -> Iterator[Ranked]:
        spans = sentences(prompt.text) if self.unit == "sentence" else prompt.tokens().spans
        draw = np.random.default_rng([self.seed, zlib.crc32(prompt.text.encode())]).random(len(spans))
        for (start, end), priority in zip(spans, draw.tolist(), strict=True):
            yield Ranked(start, end, priority)
