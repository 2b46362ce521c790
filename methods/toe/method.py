from itertools import pairwise
from typing import Annotated, ClassVar, Literal, Self

import torch
from pydantic import Field, model_validator

from prunarium.families import Attention, Shape, VitMethod, check_stages
from prunarium.ops import Tokens, expand, merge_groups

Rate = Annotated[float, Field(gt=0, le=1, strict=True)]


class ToE(VitMethod):
    """After the first block, keep tokens that cover the others well and merge each other token into the nearest.

    Huang et al., A General and Efficient Training for Transformer via Token Expansion, CVPR 2024 (arXiv 2404.00672),
    section 3. Made to speed up training, where ``stage`` rises with the epochs.
    """

    place: ClassVar[Literal["before"]] = "before"
    keep_rates: tuple[Rate, ...] = Field(
        (0.5, 0.75, 1.0), min_length=1, description="share of the tokens kept in each stage of the training"
    )
    stage: Annotated[int, Field(ge=1, strict=True)] = Field(1, description="the stage to run, counted from 1")
    initial_rate: Rate = Field(0.25, description="share of the tokens to begin with, evenly spaced")
    repeats: Annotated[int, Field(ge=1, strict=True)] = Field(2, description="steps in which a stage adds its tokens")

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if any(later < rate for rate, later in pairwise((self.initial_rate, *self.keep_rates))):
            raise ValueError("initial_rate and keep_rates must rise")
        if self.stage > len(self.keep_rates):
            raise ValueError(f"stage {self.stage} has no keep rate; keep_rates has {len(self.keep_rates)}")
        return self

    def acts_at(self, shape: Shape) -> tuple[int]:
        check_stages([1], shape.depth)
        return (1,)

    def additions(self, count: int) -> list[int]:
        """How many of ``count`` tokens each step adds."""
        steps = []
        for number, (before, rate) in enumerate(pairwise((self.initial_rate, *self.keep_rates[: self.stage])), 1):
            last = number == len(self.keep_rates)
            added = int(count * rate) - int(count * before) if last else int(count * (rate - before))
            each = added // self.repeats
            steps += [each] * (self.repeats - 1) + [added - each * (self.repeats - 1)]
        return steps

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        count, prefix = tokens.reducible, tokens.prefix
        begin, additions = max(1, int(count * self.initial_rate)), self.additions(count)
        if begin + sum(additions) >= count:
            return tokens
        start = torch.arange(begin, device=tokens.x.device) * int(1 // self.initial_rate)
        chosen, group = expand(tokens.x[:, prefix:].detach(), start, additions)
        return merge_groups(tokens, group, chosen.shape[1], seat=chosen)

    def knob(self, amount: float, shape: Shape) -> Self:
        """One stage with that keep rate."""
        rate = max(amount, 1e-6)
        initial = min(self.initial_rate, rate)
        return self.model_copy(update={"keep_rates": (rate,), "stage": 1, "initial_rate": initial})
