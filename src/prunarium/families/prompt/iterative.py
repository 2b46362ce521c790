"""LLMLingua's two steps, whose details its successor changes: which contexts stay, then which of their tokens."""

from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, ClassVar

from pydantic import Field
from torch import Tensor

from prunarium.families.prompt.filling import Ranked
from prunarium.families.prompt.method import Prompt, RulePromptMethod
from prunarium.families.prompt.scorer import Scorer
from prunarium.families.prompt.splitting import paragraphs
from prunarium.families.prompt.tokens import TextTokens
from prunarium.ops import keep_iteratively

_LEFT_OUT = -1e6
"""Priority of a context that was left out whole: below that of any token, whose losses are smaller."""
_SEPARATORS = 3
"""The official code counts a blank line's two tokens behind the last context too, and one token more."""


class IterativeMethod(RulePromptMethod):
    """Leave out whole contexts (parts between blank lines), then judge tokens segment by segment.

    A subclass says how contexts are ranked, and how much a token is worth.
    """

    scores_with: ClassVar[type | None] = Scorer

    segment: Annotated[int, Field(ge=2, strict=True)] = Field(200, description="tokens of the scorer judged at a time")
    context_slack: Annotated[int, Field(ge=0, strict=True)] = Field(
        100, description="tokens by which the contexts that stay may exceed the budget before tokens are judged"
    )
    dynamic: Annotated[float, Field(ge=0, le=1, strict=True)] = Field(
        0.0, description="by how much more of the best context's tokens is kept than on average, of the worst less"
    )

    @abstractmethod
    def order(self, prompt: Prompt, contexts: Sequence[Sequence[int]]) -> Iterable[int]:
        """The contexts' indices, best first, from their token ids."""

    @abstractmethod
    def worth(self, prompt: Prompt, ids: Sequence[int], start: int) -> Tensor:
        """How much every token behind a place is worth, given all before it ``[tokens - 1 - start]``, on the CPU."""

    def rank(self, prompt: Prompt) -> Iterator[Ranked]:
        tokens: TextTokens = prompt.scorer.tokens(prompt.text)
        contexts = _contexts(prompt.text, tokens)
        parts = [[tokens.ids[at] for at in context] for context in contexts]
        order = list(self.order(prompt, parts)) if len(contexts) > 1 else list(range(len(contexts)))
        target = prompt.share * len(tokens.ids)
        stay = self._staying(order, parts, target)
        lengths = [len(parts[at]) for at in sorted(stay)]
        places = [place for at in sorted(stay) for place in contexts[at]]
        mean = target / (sum(lengths) + _SEPARATORS)
        shares = [self._share(mean, order.index(at), len(stay)) for at in sorted(stay)]
        made = keep_iteratively(
            lengths,
            shares,
            self.segment,
            lambda left, start: self.worth(prompt, [tokens.ids[places[at]] for at in left.tolist()], start),
        )
        priority = [_LEFT_OUT * (1 + rank) for rank in _ranks(order, contexts)]
        kept = [False] * len(tokens.ids)
        for place, score in zip(places, made.scores.tolist(), strict=True):
            priority[place] = score
        for at in made.kept.tolist():
            kept[places[at]] = True
        return _parts(tokens, priority, kept)

    def _staying(self, order: Sequence[int], contexts: Sequence[Sequence[int]], target: float) -> set[int]:
        """The best contexts, up to the one that exceeds the budget and its slack."""
        room, stay = target + self.context_slack, set()
        for at in order:
            stay.add(at)
            room -= len(contexts[at])
            if room < 0:
                break
        return stay

    def _share(self, mean: float, rank: int, count: int) -> float:
        return min(max(mean + (1 - 2 * rank / count) * self.dynamic, 0.0), 1.0)


def _contexts(text: str, tokens: TextTokens) -> list[list[int]]:
    """The tokens of each context that has any, by index; blank lines that are tokens go with the context before."""
    begins = [end - len(text[start:end].lstrip()) for start, end in paragraphs(text)]
    found: list[list[int]] = [[] for _ in begins]
    for index, unit in enumerate(tokens.units):
        found[max(bisect_right(begins, tokens.spans[unit][1] - 1) - 1, 0)].append(index)
    return [context for context in found if context]


def _ranks(order: Sequence[int], contexts: Sequence[Sequence[int]]) -> list[int]:
    """The rank of each token's context ``[tokens]``."""
    rank = {at: place for place, at in enumerate(order)}
    return [rank[at] for at, context in enumerate(contexts) for _ in context]


def _parts(tokens: TextTokens, priority: Sequence[float], kept: Sequence[bool]) -> Iterator[Ranked]:
    """Tokens that share a span stay or go together, as the best of them."""
    best = [float("-inf")] * len(tokens.spans)
    stays = [False] * len(tokens.spans)
    for unit, value, keep in zip(tokens.units, priority, kept, strict=True):
        best[unit], stays[unit] = max(best[unit], value), stays[unit] or keep
    for (start, end), value, keep in zip(tokens.spans, best, stays, strict=True):
        yield Ranked(start, end, value, keep)
