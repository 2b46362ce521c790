"""What a method of the family is."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor

from prunarium.errors import PrunariumError
from prunarium.families.base import Attention, Shape, TokenMethod
from prunarium.ops import Entries, Tokens
from prunarium.records import Family

if TYPE_CHECKING:
    from prunarium.families.decoder.context import Context, Past


class DecoderMethod(TokenMethod):
    """A method for decoder language models. It writes one of these functions, or several:

    - ``weigh``: how much each cached entry matters, once the prompt has been read, or after every word;
    - ``mark_down``: how much less the words after each token attend to cached entries, which weighs them too;
    - ``evict``: what stays of the cache of a prompt;
    - ``trim``: what stays of it after every new word;
    - ``select``: which tokens of the prompt the model reads at all;
    - ``compress``: what stands in the cache for all of the prompt but its last tokens;
    - ``pass_on``: which tokens the layers behind one see for the next word, where the others wait;
    - ``vocabulary``: which tokens it may say;
    - ``shortlist``: which of them the next word can be, told by an early layer, and ``confident``: whether it is clear
      already, so that the layers behind need not run;
    - ``route``: which tokens each layer works on while the model is trained;
    - ``choose``: which tokens each layer works on, and caches, at any time, and ``blend``: what becomes of them.

    Attributes:
        every_word: whether ``weigh`` is asked after every new word too.
        beams: whether beam search may run; not where the method holds something of a text that beams do not take along
            when they change places (``entries`` are taken along).
        at_once: whether what a token marks down is lower for that token too.
    """

    families: ClassVar[tuple[Family, ...]] = ("decoder",)
    every_word: ClassVar[bool] = False
    beams: ClassVar[bool] = True
    at_once: ClassVar[bool] = False

    def weigh(self, attention: Attention, entries: Entries, layer: int) -> Tensor:
        """How much each cached entry of a layer matters, told by the attention of that layer, which has just run.

        Args:
            attention: of the tokens just read: the prompt, or new words.
            entries: all that the layer holds, the tokens just read among them.
            layer: counted from 0.

        Returns:
            ``[batch, heads or key heads or 1, entries]``; the mean of the heads that share keys becomes
            ``entries.weight``.
        """
        raise PrunariumError(f"{type(self).__name__} has no rule of what matters: it does not write 'weigh'")

    def mark_down(self, attention: Attention, there: Tensor, layer: int) -> Tensor:
        """How much each token just read lowers the logits of cached entries, in all heads, for the tokens behind it.

        Asked before the attention itself; what all tokens so far gave adds up, and becomes ``entries.weight``. Where
        the model is trained, ``handle.memory`` has the mean of exp(-sum) over all pairs, layer by layer, as
        ``attended``.

        Args:
            attention: of the tokens just read, ``first_head_logits``, ``hidden`` and ``notes`` alone.
            there: which entries can be seen ``[batch, entries]``; the last of them are of the tokens just read.
            layer: counted from 0.

        Returns:
            not below 0, infinite for what is hidden from now on ``[batch, tokens just read, entries]``.
        """
        raise PrunariumError(f"{type(self).__name__} lowers nothing: it does not write 'mark_down'")

    def note(self, hidden: Tensor, layer: int) -> Tensor | None:
        """What is held of every token beside its key and value, for ``mark_down`` to read ``[batch, tokens, width]``.

        Args:
            hidden: what enters the layer's attention ``[batch, tokens, dim]``.
            layer: counted from 0.
        """
        return None

    def carried(self, old: Tensor, new: Tensor) -> Tensor:
        """The weights after a word, from those before it, which are 0 for the new word, and what ``weigh`` gave now
        ``[batch, key heads, entries]``."""
        return old + new

    def evict(self, cache: Sequence[Entries]) -> list[Entries]:
        """What is left of the cache once the last layer has read the prompt.

        Args:
            cache: of every layer, with the weights that ``weigh`` gave.
        """
        return list(cache)

    def trim(self, entries: Entries, read: Tensor, left: Tensor, layer: int) -> Entries:
        """What is left of the cache of one layer after new words.

        Args:
            entries: of the prompt and of the words so far; ``place`` counts on from the prompt.
            read: tokens of the prompt ``[batch, key heads]``.
            left: of them, those that ``evict`` left in this layer ``[batch, key heads]``.
            layer: counted from 0.
        """
        return entries

    def select(self, attention: Attention, there: Tensor) -> Tensor:
        """Which tokens of the prompt the model reads, told by the attention of one layer, ``selecting_layer``.

        Args:
            attention: of that layer, to the whole prompt.
            there: which tokens are no padding ``[batch, tokens]``.

        Returns:
            boolean ``[batch, tokens]``.
        """
        return there

    def compress(self, context: "Context") -> "Past":
        """What stands in the cache for a prompt without its last tokens, of which there are ``spared``.

        Args:
            context: prompts of one length, and a way to have the model read.
        """
        return context.whole()

    def pass_on(self, attention: Attention, there: Tensor, layer: int) -> Tensor:
        """Which tokens the layers behind one see for the next word. The others wait: those layers work on them when a
        later word needs them. Asked at each of ``passing_layers``, for the prompt and for every word.

        Args:
            attention: of the last token read to the tokens that this layer saw.
            there: which of these are meant; the others fill up ``[batch, tokens]``.
            layer: counted from 0.

        Returns:
            boolean ``[batch, tokens]``; the last one is seen in any case.
        """
        return there

    def vocabulary(self) -> Tensor | None:
        """The tokens that the model may say ``[tokens]``; ``None`` for all."""
        return None

    def shortlist(self, logits: Tensor) -> Tensor | None:
        """Which tokens of the vocabulary the next one can be, told by ``shortlisting_layer``.

        Args:
            logits: that the model's head gives for what leaves that layer ``[batch, tokens, vocabulary]``.

        Returns:
            numbers of tokens ``[batch, tokens, words]``; ``None`` for all.
        """
        return None

    def confident(self, logits: Tensor) -> Tensor:
        """Whether a word is clear, so that the layers behind only cache what is known of it ``[batch]``.

        Asked of single words after a prompt, at ``shortlisting_layer`` and each layer behind it but the last.

        Args:
            logits: of the words on the shortlist ``[batch, words]``.
        """
        return torch.zeros(len(logits), dtype=torch.bool, device=logits.device)

    def route(self, hidden: Tensor, layer: int) -> Tensor | None:
        """Which tokens a layer works on while the model is trained; the others pass it by.

        Args:
            hidden: what enters the layer ``[batch, tokens, dim]``.
            layer: counted from 0.

        Returns:
            numbers of tokens, ascending ``[batch, tokens worked on]``; ``None`` for all.
        """
        return None

    def choose(self, hidden: Tensor, there: Tensor, layer: int, prompt: bool) -> Tensor | None:
        """Which tokens a layer works on and caches; the others pass it by.

        Args:
            hidden: what enters the layer ``[batch, tokens, dim]``.
            there: which tokens are no padding ``[batch, tokens]``.
            layer: counted from 0.
            prompt: whether they are a prompt, all of which may tell; a word may not know of those behind it.

        Returns:
            boolean ``[batch, tokens]``, of a prompt one token at least; ``None`` for all.
        """
        return None

    def blend(self, entered: Tensor, output: Tensor, layer: int) -> Tensor:
        """What leaves a layer of the tokens that it has worked on, all ``[batch, tokens worked on, dim]``."""
        return output

    @property
    def selecting_layer(self) -> int | None:
        """The layer at which ``select`` is asked; ``None`` where the whole prompt is read."""
        return None

    @property
    def shortlisting_layer(self) -> int | None:
        """The layer at which ``shortlist`` is asked; ``None`` where the model is to be as it is."""
        return None

    @property
    def spared(self) -> int:
        """How many of the prompt's last tokens the model reads behind what ``compress`` gave."""
        return 1

    @property
    def compresses(self) -> bool:
        """Whether ``compress`` is to be asked."""
        return self.writes("compress")

    @property
    def passing_layers(self) -> Collection[int]:
        """The layers at which ``pass_on`` is asked."""
        return ()

    @property
    def observed(self) -> int:
        """How many of the last tokens ``attention.window_attention`` is of."""
        return 1

    @property
    def foreseen(self) -> int:
        """How many words to come ``attention.coming_rotary`` is of."""
        return 1

    @property
    def by_slot(self) -> bool:
        """Whether keys are turned to their place in the cache, and not to the position of their token."""
        return False

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        return tokens

    def acts_at(self, shape: Shape) -> Collection[int]:
        return ()

    @property
    def weighs(self) -> bool:
        """Whether the method writes ``weigh``."""
        return self.writes("weigh")

    @property
    def lowers(self) -> bool:
        """Whether ``mark_down`` is to be asked."""
        return self.writes("mark_down")

    @property
    def skips(self) -> bool:
        """Whether ``choose`` is to be asked."""
        return self.writes("choose")

    @property
    def shortens(self) -> bool:
        """Whether the method has a hand in the cache: it takes entries from it, or tokens from the prompt."""
        return self.skips or any(map(self.writes, ("mark_down", "evict", "trim", "select", "compress")))

    @property
    def trims(self) -> bool:
        """Whether the method takes entries from the cache after new words."""
        return self.writes("trim")

    def writes(self, function: str) -> bool:
        return getattr(type(self), function) is not getattr(DecoderMethod, function)
