from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, ClassVar, Self

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from prunarium.families import Attention, RetentionMethod, Shape, evolve, read_frontier, tokens_per_block
from prunarium.ops import Tokens, keep_best


class LengthAdaptive(RetentionMethod):
    """Keep the tokens that receive most attention, as many in each layer as a length configuration says.

    Kim and Cho, Length-Adaptive Transformer: Train Once with Length Drop, Use Anytime with Search, ACL 2021
    (arXiv 2010.07003). In training the lengths are drawn (LengthDrop); ``search`` finds
    configurations afterwards.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"received_attention"})
    length_drop: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.2, description="in training: the largest share of its tokens that a layer may lose"
    )

    found: str | None = Field(
        None,
        description="length configurations found by search, which budgets are then reached along: the name of a file "
        "that comes with the method, such as storyworld-encoder, or the path of a JSON file",
    )

    def usual(self, depth: int) -> Sequence[float]:
        return super().usual(depth) if self.found is None else self._searched(self.found, 0.5, depth)

    def knob(self, amount: float, shape: Shape) -> Self:
        """Along what was found, if anything was: ``amount`` is the mean share of tokens that layers leave."""
        if self.found is None:
            return super().knob(amount, shape)
        return self.model_copy(update={"retention": self._searched(self.found, amount, shape.depth)})

    @staticmethod
    def _searched(found: str, share: float, depth: int) -> tuple[float, ...]:
        shipped = Path(__file__).parent / "lengths" / f"{found}.json"
        return read_frontier(Path(found) if found.endswith(".json") else shipped).at(share, depth)

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        counts = self._drawn(tokens) if tokens.training else self.kept(tokens, block)
        return keep_best(tokens, attention.received_attention[:, tokens.prefix :], counts)

    def _drawn(self, tokens: Tokens) -> int | Tensor:
        """LengthDrop: evenly among the lengths that lose at most ``length_drop``, prefix included in them."""
        length = tokens.real + tokens.prefix
        length = length if isinstance(length, Tensor) else torch.tensor([length])
        least = (length.double() * (1 - self.length_drop)).ceil().long()
        drawn = least + (torch.rand(()).to(length.device) * (length - least + 1)).long()
        count = drawn - tokens.prefix
        return count if isinstance(tokens.real, Tensor) else int(count)

    def search(
        self,
        quality: Callable[["LengthAdaptive"], float],
        shape: Shape,
        tokens: int,
        rounds: int = 30,
        seed: int = 0,
    ) -> list[tuple[float, float, "LengthAdaptive"]]:
        """Length configurations on the frontier of quality and mean tokens per layer, found by evolution.

        Args:
            quality: of this method with a configuration, on validation data; more is better.
            shape: of the model.
            tokens: in a text; configurations are shares of it.
            rounds: of mutations and crossovers.
            seed: of the draws.

        Returns:
            budget (mean tokens per layer, of the untouched model's), quality and the method; cheapest first.
        """
        measured = replace(shape, tokens=tokens)

        def turned(lengths: tuple[int, ...]) -> "LengthAdaptive":
            # half a token less, so that a share of so many tokens is never rounded up to one more
            shares = tuple(1.0 if length == tokens else (length - 0.5) / tokens for length in lengths)
            return self.model_copy(update={"retention": shares})

        def cost(lengths: tuple[int, ...]) -> float:
            return sum(tokens_per_block(turned(lengths), measured)) / (shape.depth * tokens)

        frontier = evolve(
            tokens, shape.depth, lambda lengths: quality(turned(lengths)), cost, rounds, np.random.default_rng(seed)
        )
        return [(spent, found, turned(lengths)) for spent, found, lengths in frontier]
