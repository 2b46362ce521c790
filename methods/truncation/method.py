from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from prunarium.families import Prompt, PromptMethod, Ranked


class Truncation(PromptMethod):
    """Cut a prompt off at its end, at its beginning or in its middle: the simplest way to fit a budget.

    Cutting the middle keeps as much of the beginning as of the end, as LongBench does (Bai et al., 2024, section 4).
    """

    cut: Literal["tail", "head", "middle"] = Field("tail", description="what goes")

    def rank(self, prompt: Prompt) -> Iterator[Ranked]:
        spans = prompt.tokens().spans
        last = len(spans) - 1
        for place, (start, end) in enumerate(spans):
            lost = {"tail": place, "head": last - place, "middle": min(place, last - place)}[self.cut]
            yield Ranked(start, end, -lost)
