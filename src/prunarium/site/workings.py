"""How a method works, from its class: what it reads, where in a block it acts, in which blocks, and its source."""

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from prunarium import registry
from prunarium.errors import PrunariumError
from prunarium.records import Family

if TYPE_CHECKING:
    from prunarium.families import PromptMethod, Shape, TokenMethod

_DEPTHS: dict[Family, int] = {"vit": 12, "vlm": 32, "encoder": 12, "decoder": 32}
"""Blocks of a usual model of each family: a base ViT, a language model of 7 billion parameters, a base BERT."""
_PLACES = {
    "encode": "between the vision tower and the projector",
    "project": "between the projector and the language model",
    "select": "on the prompt, before the model reads it",
    "compress": "on all of the prompt but its end, before the model reads that",
    "mark_down": "on the attention of every layer",
    "evict": "on the cache, once the prompt has been read",
    "trim": "after every word",
    "vocabulary": "on the words that the model may say",
    "shortlist": "on what each word may be, behind an early layer",
    "choose": "before each layer, on the tokens that it works on",
    "route": "in every layer, while the model is trained",
    "text": "on the text, before any model reads it",
}
_IN_DECODERS = ("select", "compress", "mark_down", "evict", "trim", "vocabulary", "shortlist", "choose", "route")
_SHAPE = re.compile(r",?\s*``\[.*", re.DOTALL)


@dataclass(frozen=True)
class Reading:
    """A part of the attention that a method reads, and what it is."""

    name: str
    meaning: str


@dataclass(frozen=True)
class Acting:
    """Where in a usual model of a family a method acts as it comes.

    Attributes:
        blocks: those in which it acts.
        places: vlm: the functions that it writes, of ``encode``, ``project``, ``reduce`` and ``evict``; decoder: of
            ``select``, ``compress``, ``mark_down``, ``evict``, ``trim``, ``vocabulary``, ``shortlist``,
            ``choose`` and ``route``; or ``text``.
    """

    family: Family
    depth: int
    blocks: tuple[int, ...]
    places: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """``in blocks 3, 6 and 9 of 12``"""
        inside = [] if self.places and not self.blocks else [f"in {self._blocks}"]
        return ", ".join([_PLACES[place] for place in self.places if place in _PLACES] + inside)

    @property
    def _blocks(self) -> str:
        if len(self.blocks) == self.depth:
            return f"each of {self.depth} blocks"
        if not self.blocks:
            return f"none of {self.depth} blocks"
        numbers = list(map(str, self.blocks))
        if len(numbers) > 2 and self.blocks[-1] - self.blocks[0] + 1 == len(numbers):
            return f"blocks {numbers[0]} to {numbers[-1]} of {self.depth}, counted from 0"
        named = " and ".join(filter(None, [", ".join(numbers[:-1]), numbers[-1]]))
        return f"block{'s'[: len(numbers) > 1]} {named} of {self.depth}, counted from 0"


_ON_TEXT = Acting("prompt", 0, (), ("text",))


@dataclass(frozen=True)
class Workings:
    """What the class says.

    Attributes:
        claim: the first paragraph of its docstring: what it does.
        source: the others: paper, section, and what to know.
        place: where in a block of a ViT it acts.
        learned: whether it has learned parts of its own.
        adaptive: whether the number of tokens left depends on the input.
        asks: whether something besides parameters has to be given to it before it can be applied.
        weighs: whether a merged token counts in attention as often as the tokens it stands for.
        options: prompt: what the command line must be given besides a text.
    """

    name: str
    claim: str
    source: tuple[str, ...]
    place: Literal["between", "before"]
    reads: tuple[Reading, ...]
    acting: tuple[Acting, ...]
    learned: bool
    adaptive: bool
    weighs: bool
    asks: bool
    options: tuple[str, ...] = ()


def workings_of(folder: str) -> Workings | None:
    """How the method in a folder works; ``None`` without the packages that methods need.

    Raises:
        PrunariumError: the folder holds no method.
    """
    try:
        kind = registry.load_class(folder)
    except (ModuleNotFoundError, PrunariumError) as error:
        if isinstance(error, ModuleNotFoundError) or isinstance(error.__cause__, ModuleNotFoundError):
            return None
        raise
    from prunarium.families import LearnedMethod, PromptMethod, TokenMethod

    method = kind()
    claim, *source = [" ".join(part.split()) for part in (inspect.getdoc(kind) or "").split("\n\n")]
    return Workings(
        name=kind.__name__,
        claim=claim,
        source=tuple(source),
        place=method.place if isinstance(method, TokenMethod) else "between",
        reads=tuple(_readings(method)) if isinstance(method, TokenMethod) else (),
        acting=tuple(_acting(method)) if isinstance(method, TokenMethod) else (_ON_TEXT,),
        learned=isinstance(method, LearnedMethod),
        adaptive=method.adaptive,
        weighs=isinstance(method, TokenMethod) and method.size_bias,
        asks=method.asks,
        options=_options(method) if isinstance(method, PromptMethod) else (),
    )


def _readings(method: "TokenMethod") -> Iterator[Reading]:
    from prunarium.families import Attention

    for name in sorted(method.needs):
        words = inspect.getdoc(getattr(Attention, name)) or name
        words = (
            _SHAPE.sub("", " ".join(words.split()))
            .rstrip(".")
            .replace("``", "")
            .removesuffix(" (vlm)")
            .removesuffix(" (decoder)")
        )
        yield Reading(name, words.replace("this block", "the block before") if method.place == "before" else words)


def _acting(method: "TokenMethod") -> Iterator[Acting]:
    for family in method.families:
        shape = _usual(family)
        blocks = tuple(sorted(method.acts_at(shape)))
        yield Acting(family, shape.depth, blocks, _places(method, family, blocks))


def _places(method: "TokenMethod", family: Family, blocks: tuple[int, ...]) -> tuple[str, ...]:
    from prunarium.families import DecoderMethod

    if family == "decoder" and isinstance(method, DecoderMethod):
        return tuple(place for place in _IN_DECODERS if method.writes(place))
    if family != "vlm":
        return ()
    before = [place for place in ("encode", "project") if method.writes(place)]
    evicts = ["evict"] if getattr(method, "evicts", False) else []
    return (*before, *(["reduce"] if blocks else []), *evicts)


def _options(method: "PromptMethod") -> tuple[str, ...]:
    directory = "--scorer DIRECTORY" if method.scores_with else "--tokenizer DIRECTORY"
    return (directory, *(["--question 'QUESTION'"] if method.asks_question else []))


def _usual(family: Family) -> "Shape":
    from prunarium.families import Shape

    depth = _DEPTHS[family]
    if family == "vlm":
        language = Shape(family, depth, prefix=0, tokens=576, stages=(0,), dim=4096)
        return replace(language, tower_dim=1024, tower_depth=24, grid=(24, 24))
    if family == "decoder":
        return Shape(family, depth, prefix=0, tokens=None, stages=(), dim=4096)
    return Shape(family, depth, prefix=1, tokens=197, stages=(depth // 4, depth // 2, 3 * depth // 4), dim=768)
