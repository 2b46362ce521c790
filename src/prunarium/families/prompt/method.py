"""What every method that shortens a prompt is: a frozen set of parameters and one function."""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field

from prunarium.errors import PrunariumError
from prunarium.families.method import Method
from prunarium.families.prompt.filling import Ranked, fill, kept_by_rule, without
from prunarium.families.prompt.protection import Protectable, protected_spans
from prunarium.families.prompt.spans import text_of
from prunarium.families.prompt.tokens import TextTokens, check_text, check_tokenizer, count_tokens, read_tokens
from prunarium.ops import Span
from prunarium.records import Family


@dataclass(frozen=True)
class Prompt:
    """What a method may know of a prompt.

    Attributes:
        text: all of it.
        question: what is asked of it; empty where nothing is.
        tokenizer: of the model that will read it.
        scorer: what the method asked for with ``scores_with``.
        allowed: tokens that may be left.
        share: of the prompt's tokens, what was asked for.
    """

    text: str
    question: str
    tokenizer: Any
    scorer: Any
    allowed: int
    share: float

    def tokens(self) -> TextTokens:
        """The prompt's tokens, as the model that will read it sees them."""
        return read_tokens(self.tokenizer, self.text)


@dataclass(frozen=True)
class CompressedPrompt:
    """What is left of a prompt.

    Attributes:
        original: the prompt.
        text: what is left: the kept spans one behind the other, as the method joins them (``PromptMethod.left``).
        spans: what was kept of the prompt, in place: in order, with something left out between each two.
        tokens_in: tokens of the prompt, as the model that will read it sees them.
        tokens_out: tokens that are left.
    """

    original: str
    text: str
    spans: tuple[Span, ...]
    tokens_in: int
    tokens_out: int

    @property
    def budget(self) -> float:
        """Tokens left, of the prompt's."""
        return self.tokens_out / self.tokens_in


class PromptMethod(Method):
    """A method that shortens a prompt: text in, text out. Its fields are its parameters.

    A subclass writes ``rank`` and nothing else. The budget is met in tokens of the model that will read the prompt, to
    the token where its tokenizer lets it, and never exceeded.

    Attributes:
        scores_with: what must be given to ``compress`` as its scorer: the class, or ``None`` for nothing.
        asks_question: whether it needs a question.
    """

    families: ClassVar[tuple[Family, ...]] = ("prompt",)
    adaptive: ClassVar[bool] = True
    asks: ClassVar[bool] = True
    scores_with: ClassVar[type | None] = None
    asks_question: ClassVar[bool] = False

    keep_rate: Annotated[float, Field(gt=0, le=1, strict=True)] = Field(
        0.5, description="share of the prompt's tokens that may be left"
    )
    max_tokens: Annotated[int, Field(ge=1, strict=True)] | None = Field(
        None, description="tokens that may be left; takes the place of keep_rate"
    )
    protects: tuple[Protectable, ...] = Field(
        (), description="what must stay besides the question: code, numbers or both"
    )
    whole: bool = Field(
        False, description="keep parts such as sentences whole; else the last one is cut to fill the budget"
    )

    @abstractmethod
    def rank(self, prompt: Prompt) -> Iterable[Ranked]:
        """The parts of the prompt and what each is worth: spans that do not overlap, and together cover its words."""

    @staticmethod
    def left(text: str, spans: Iterable[Span]) -> str:
        """What is left of a prompt: its spans as they stand, unless the method has another rule."""
        return text_of(text, spans)

    def with_budget(self, budget: float) -> Self:
        """The same method, told to keep a share of the prompt's tokens.

        Raises:
            PrunariumError: the budget is not above 0 and at most 1.
        """
        if not 0 < budget <= 1:
            raise PrunariumError(f"a budget is above 0 and at most 1, not {budget}")
        return self.model_copy(update={"keep_rate": float(budget), "max_tokens": None})

    def compress(
        self,
        text: str,
        *,
        question: str | None = None,
        scorer: Any = None,
        tokenizer: Any = None,
        protected: Sequence[Span] = (),
    ) -> CompressedPrompt:
        """Shorten a prompt.

        Args:
            text: the prompt.
            question: what is asked of it. It guides methods that rank by it, and where it stands in the prompt, it
                stays; else it is not part of the prompt, nor of what comes back.
            scorer: what the method scores with, such as a ``Scorer``.
            tokenizer: of the model that will read the prompt, a fast one; default: the scorer's.
            protected: spans of the prompt that must stay.

        Raises:
            PrunariumError: the prompt is empty or broken, something that the method needs is missing, a span is not in
                the prompt, or the budget is below what must stay.
        """
        self._check(scorer, question)
        tokenizer = tokenizer if tokenizer is not None else getattr(scorer, "tokenizer", None)
        if tokenizer is None:
            raise PrunariumError("the budget is in tokens of the model that reads the prompt; give its tokenizer=...")
        check_tokenizer(tokenizer)
        check_text(text)
        before = count_tokens(tokenizer, text)
        if before == 0:
            raise PrunariumError("the prompt is empty: the tokenizer makes no token of it; give some text")
        allowed = min(before, self.max_tokens or int(before * self.keep_rate + 1e-9))
        if allowed == 0:
            raise PrunariumError(f"keep_rate={self.keep_rate} of {before} tokens is no token at all; raise it")
        fixed = protected_spans(text, question or "", self.protects, protected)
        if allowed == before:
            spans = [(0, len(text))]
        else:
            share = allowed / before if self.max_tokens else self.keep_rate
            prompt = Prompt(text, question or "", tokenizer, scorer, allowed, share)
            spans = self._keep(prompt, without(fixed, self.rank(prompt), len(text)), fixed)
        left = self.left(text, spans)
        return CompressedPrompt(text, left, tuple(spans), before, count_tokens(tokenizer, left))

    def _keep(self, prompt: Prompt, parts: list[Ranked], fixed: list[Span]) -> list[Span]:
        def count(text: str) -> int:
            return count_tokens(prompt.tokenizer, text)

        def split(text: str) -> list[Span]:
            return read_tokens(prompt.tokenizer, text).spans or [(0, len(text))]

        return fill(prompt.text, parts, fixed, prompt.allowed, count, None if self.whole else split, type(self).left)

    def _check(self, scorer: Any, question: str | None) -> None:
        name, kind = type(self).__name__, self.scores_with
        if kind is not None and not isinstance(scorer, kind):
            given = "none was given" if scorer is None else f"not a {type(scorer).__name__}"
            raise PrunariumError(f"{name} needs scorer={kind.__name__}(model, tokenizer); {given}")
        if self.asks_question and not question:
            raise PrunariumError(f"{name} ranks by what is asked; give question=...")


class RulePromptMethod(PromptMethod):
    """A method with a rule of its own for what to keep at a share, which does not meet a budget exactly."""

    exact: bool = Field(
        True,
        description="meet the budget: of what the rule keeps the least goes, or of what it drops the best comes back; "
        "else what the rule keeps at this share is what is left",
    )

    def _keep(self, prompt: Prompt, parts: list[Ranked], fixed: list[Span]) -> list[Span]:
        return super()._keep(prompt, parts, fixed) if self.exact else kept_by_rule(parts, fixed)
