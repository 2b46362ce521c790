"""Length configurations that a search found: the best at each cost, kept in a file, and those in between."""

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from prunarium.errors import PrunariumError

Shares = tuple[Annotated[float, Field(gt=0, le=1)], ...]
LEAST = 1e-6


class Found(BaseModel):
    """One configuration: the share of a text's tokens that each layer leaves, its budget, and its quality."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    budget: float
    quality: float
    retention: Shares = Field(min_length=1)


class Frontier(BaseModel):
    """The configurations of a search, cheapest first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    found: tuple[Found, ...] = Field(min_length=1)

    def at(self, share: float, depth: int) -> tuple[float, ...]:
        """The share of tokens that each layer leaves where all leave ``share`` in the mean ``[depth]``.

        Between two configurations it goes straight from one to the other; below the cheapest all layers leave less.

        Raises:
            PrunariumError: the configurations are for another depth.
        """
        known = sorted({one.retention for one in self.found} | {(1.0,) * depth}, key=mean)
        wrong = next((len(one) for one in known if len(one) != depth), None)
        if wrong is not None:
            raise PrunariumError(f"these lengths are for {wrong} layers, the model has {depth}; search its own")
        for cheap, dear in pairwise([(LEAST,) * depth, *known]):
            if share <= mean(dear):
                way = max(0.0, (share - mean(cheap)) / max(mean(dear) - mean(cheap), LEAST))
                return tuple(max(LEAST, a + min(way, 1.0) * (b - a)) for a, b in zip(cheap, dear, strict=True))
        return (1.0,) * depth


def mean(shares: Sequence[float]) -> float:
    """Of the layers."""
    return sum(shares) / len(shares)


def read_frontier(path: Path) -> Frontier:
    """What a search has written.

    Raises:
        PrunariumError: there is no such file, or it holds no configurations.
    """
    try:
        return Frontier.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, ValidationError) as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else "it holds no length configurations"
        raise PrunariumError(f"{path}: {reason}; scripts/search_lengths.py writes one") from None
