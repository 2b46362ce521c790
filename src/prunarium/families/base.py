"""What every method that reduces tokens is: a frozen set of parameters and one function."""

from abc import abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import PrivateAttr
from torch import Tensor, nn

from prunarium.errors import PrunariumError
from prunarium.families.method import Method
from prunarium.ops import Tokens
from prunarium.records import Family

if TYPE_CHECKING:
    from prunarium.families.handle import Handle
    from prunarium.families.vlm.tower import Layout, Tower


@dataclass(frozen=True)
class Shape:
    """What a method may know of a model before it runs.

    Attributes:
        family: where the method acts, such as ``vit``.
        depth: number of blocks (layers of the language model).
        prefix: leading tokens that are never reduced.
        tokens: tokens entering the first block, prefix included; ``None`` where only the input tells.
        stages: the blocks where a method reduces when its parameters do not say.
        dim: width of a token.
        tower_dim: vlm: width of a token that leaves the vision tower; 0 where no method can reduce there.
        tower_depth: vlm: layers of the vision tower.
        grid: vlm: rows and columns of the patches of one tile.
        projections: decoder: names of those projections in each attention that an adapter of low rank can be put
            beside, with the widths of what enters and leaves them.
    """

    family: Family
    depth: int
    prefix: int
    tokens: int | None
    stages: tuple[int, ...]
    dim: int
    tower_dim: int = 0
    tower_depth: int = 0
    grid: tuple[int, int] = (0, 0)
    projections: tuple[tuple[str, int, int], ...] = ()


class Attention:
    """What the attention that just ran has to offer. Each row is computed when first asked for, and only then.

    A method declares in ``needs`` what it will read; anything else is refused, so that no method pays for, or depends
    on, more than it says.
    """

    def __init__(self, needs: Collection[str], offers: Mapping[str, Callable[[], Tensor]]) -> None:
        self._needs, self._offers = needs, offers

    def through(self, changes: Mapping[str, Callable[[Tensor], Tensor]]) -> "Attention":
        """The same, each row changed on its way to the method; what has no change is refused."""

        def changed(name: str) -> Tensor:
            if name not in changes:
                raise PrunariumError(
                    f"attention.{name} is of the tokens before another method reduced them in the same block; let the "
                    "two act in different blocks"
                )
            return changes[name](self._offers[name]())

        return Attention(self._needs, {name: partial(changed, name) for name in self._offers})

    def _give(self, name: str) -> Tensor:
        if name not in self._needs:
            raise PrunariumError(f"the method reads attention.{name} without declaring it; add it to its 'needs'")
        if name not in self._offers:
            raise PrunariumError(f"there is no attention.{name} before the first block; let the method begin later")
        return self._offers[name]()

    @property
    def keys(self) -> Tensor:
        """Keys of this block, after any normalisation ``[batch, heads, tokens, head dim]``."""
        return self._give("keys")

    @property
    def values(self) -> Tensor:
        """Values of this block ``[batch, heads, tokens, head dim]``."""
        return self._give("values")

    @property
    def logits(self) -> Tensor:
        """Scaled products of all queries and keys, token sizes left out ``[batch, heads, tokens, tokens]``.

        vlm: of the whole sequence in the layer before, masked with -inf where a query does not see a key.
        decoder: of the tokens just read and all cached entries, masked likewise ``[batch, heads, tokens, entries]``.
        """
        return self._give("logits")

    @property
    def full_attention(self) -> Tensor:
        """Softmaxed attention of all tokens to all tokens ``[batch, heads, tokens, tokens]``.

        vlm: of the whole sequence, text included, in the layer before.
        decoder: of the tokens just read to all cached entries ``[batch, heads, tokens, entries]``.
        """
        return self._give("full_attention")

    @property
    def received_attention(self) -> Tensor:
        """Attention that each token receives, mean over heads and queries ``[batch, tokens]``."""
        return self._give("received_attention")

    @property
    def attention_from_others(self) -> Tensor:
        """Attention that each token receives from others, mean over heads and queries ``[batch, tokens]``."""
        return self._give("attention_from_others")

    @property
    def head_outputs(self) -> Tensor:
        """What each head gives to each token, before the output projection ``[batch, heads, tokens, head dim]``."""
        return self._give("head_outputs")

    @property
    def next_attention(self) -> Tensor:
        """Softmaxed attention that the block ahead would compute ``[batch, heads, tokens, tokens]``."""
        return self._give("next_attention")

    @property
    def cls_attention(self) -> Tensor:
        """Softmaxed attention from the cls token to all tokens of this block ``[batch, heads, tokens]``."""
        return self._give("cls_attention")

    @property
    def last_attention(self) -> Tensor:
        """Softmaxed attention from the last prompt token to the image tokens, in the layer before this one
        ``[batch, heads, image tokens]``; a row sums to less than 1, the rest went to the text (vlm). From the last
        token read to all cached entries, in the layer that just ran ``[batch, heads, entries]`` (decoder)."""
        return self._give("last_attention")

    @property
    def unrotated_last_attention(self) -> Tensor:
        """The same as ``last_attention``, without rotary position embedding (vlm)."""
        return self._give("unrotated_last_attention")

    @property
    def ahead_attention(self) -> Tensor:
        """The same as ``last_attention``, in the layer ahead, were nothing dropped before it (vlm)."""
        return self._give("ahead_attention")

    @property
    def text_attention(self) -> Tensor:
        """Softmaxed attention from each token of the text after the image to the image tokens, in the layer before this
        one ``[batch, heads, text, image tokens]``; zero where ``question_there`` is false (vlm)."""
        return self._give("text_attention")

    @property
    def question_attention(self) -> Tensor:
        """The same as ``text_attention``, to all tokens ``[batch, heads, text, tokens]`` (vlm)."""
        return self._give("question_attention")

    @property
    def text_rotary_bias(self) -> Tensor:
        """What the scaled products behind ``text_attention`` would be if all queries and keys were ones
        ``[batch, text, image tokens]`` (vlm)."""
        return self._give("text_rotary_bias")

    @property
    def question(self) -> Tensor:
        """Hidden states of the text after the image ``[batch, text, dim]`` (vlm)."""
        return self._give("question")

    @property
    def question_there(self) -> Tensor:
        """Which tokens of ``question`` are meant, where samples ask questions of different lengths
        ``[batch, text]`` (vlm)."""
        return self._give("question_there")

    @property
    def image_places(self) -> Tensor:
        """Positions of the image tokens among all tokens, for reading ``full_attention`` or ``logits``
        ``[batch, image tokens]`` (vlm)."""
        return self._give("image_places")

    @property
    def prompt_there(self) -> Tensor:
        """Which of all tokens are no padding ``[batch, tokens]`` (vlm)."""
        return self._give("prompt_there")

    @property
    def image_cells(self) -> Tensor:
        """Row and column of each image token among the patches of its image, -1 for a newline; of an image cut into
        tiles, the thumbnail's are counted apart ``[batch, image tokens, 2]`` (vlm)."""
        return self._give("image_cells")

    @property
    def token_ids(self) -> Tensor:
        """Which word of the vocabulary each token is, ``input_ids`` ``[batch, tokens]`` (encoder)."""
        return self._give("token_ids")

    @property
    def added(self) -> Tensor:
        """Which image tokens take the place of no old one, such as registers ``[batch, image tokens]`` (vlm)."""
        return self._give("added")

    @property
    def marked(self) -> Tensor:
        """Which image tokens take the place of a patch that ``encode`` marked ``[batch, image tokens]`` (vlm).

        It marks by ``tokens.remember(marked=...)``: the patches of all tiles ``[tiles, patches]``, boolean.
        """
        return self._give("marked")

    @property
    def attention_sums(self) -> Tensor:
        """Attention that each cached entry received, summed over the tokens just read ``[batch, heads, entries]``
        (decoder)."""
        return self._give("attention_sums")

    @property
    def window_attention(self) -> Tensor:
        """Softmaxed attention from the last tokens just read, as many as the method observes, to all cached entries
        ``[batch, heads, window, entries]`` (decoder)."""
        return self._give("window_attention")

    @property
    def last_logits(self) -> Tensor:
        """Scaled products of the last token read with all cached entries ``[batch, heads, entries]`` (decoder)."""
        return self._give("last_logits")

    @property
    def hidden(self) -> Tensor:
        """What enters the attention, of the tokens just read ``[batch, tokens, dim]`` (decoder)."""
        return self._give("hidden")

    @property
    def notes(self) -> Tensor:
        """What the method has noted of all cached entries ``[batch, entries, width]`` (decoder)."""
        return self._give("notes")

    @property
    def first_head_logits(self) -> Tensor:
        """Scaled products of the first head's queries, of the tokens just read, with all cached entries, -inf where one
        does not see the other ``[batch, tokens, entries]`` (decoder)."""
        return self._give("first_head_logits")

    @property
    def logit_sums(self) -> Tensor:
        """Scaled products of each cached entry with all tokens just read, earlier ones too, summed
        ``[batch, heads, entries]`` (decoder)."""
        return self._give("logit_sums")

    @property
    def queries(self) -> Tensor:
        """Queries of the tokens just read, before their rotary embedding ``[batch, heads, tokens, head dim]``
        (decoder)."""
        return self._give("queries")

    @property
    def coming_rotary(self) -> Tensor:
        """Rotary embedding of words to come, as many as the method foresees: the mean of their cosines, and of their
        sines ``[2, batch, 1, rotary dim]`` (decoder)."""
        return self._give("coming_rotary")

    @property
    def samples(self) -> Tensor:
        """The number of each sample since the method was applied ``[batch]``; costs nothing, and need not be declared
        (decoder)."""
        return self._offers["samples"]()

    @property
    def words(self) -> Tensor:
        """Words read after the prompt, 0 while the prompt is read ``[]``; likewise (decoder)."""
        return self._offers["words"]()


class TokenMethod(Method):
    """A method that acts inside a live model. Its fields are its parameters; its repr is the record of what ran.

    A subclass writes ``reduce`` and nothing else; ``apply`` puts it into a live model.

    Attributes:
        needs: what ``reduce`` reads of the attention.
        place: vit, encoder: ``between`` a block's attention and its MLP, with what that attention has to offer; or
            ``before`` a block, with what the attention of the block before has to offer (in the first block: nothing).
        adaptive: whether the number of tokens left depends on the data.
        trains: whether a model in training mode may run it: gradients reach everything that decides.
        learns_from: what a training loop adds to the memory that ``loss`` is given: ``answer_losses`` of the samples
            ``[batch]``, or ``saliency``, how much the right answer hangs on each token, which sums to 1
            ``[batch, tokens]``.
        asks: whether something besides parameters must be given to it before it is applied; its docstring says what.
        prunes_heads: encoder: whether it may leave out heads (``Tokens.heads``).
        positions: vlm: of the tokens left by ``reduce``: those they had, or counted anew from 0.
        newlines: vlm: whether the newline tokens between rows of patches stay when ``encode`` drops patches.
    """

    place: ClassVar[Literal["between", "before"]] = "between"
    trains: ClassVar[bool] = True
    learns_from: ClassVar[frozenset[str]] = frozenset()
    prunes_heads: ClassVar[bool] = False
    positions: ClassVar[Literal["kept", "renumbered"]] = "kept"
    newlines: ClassVar[bool] = True
    _backbone: Mapping[str, Tensor] | None = PrivateAttr(None)

    @abstractmethod
    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        """Drop or merge tokens.

        vit, encoder: called in each block of ``acts_at``, at the method's ``place``, with the hidden states.
        vlm: called before each layer of ``acts_at``, with the hidden states of the image tokens alone.
        """

    def encode(self, tokens: Tokens, tower: "Tower") -> Tokens:
        """Reduce what leaves the vision tower, before the projector (vlm).

        Args:
            tokens: patches of all tiles ``[tiles, patches, dim]``, without a cls token.
            tower: what the vision tower has to offer.
        """
        return tokens

    def project(self, tokens: Tokens, layout: "Layout") -> Tokens:
        """Reduce what leaves the projector, before the language model (vlm).

        Args:
            tokens: of whole images ``[images, tokens, dim]``.
            layout: what the tokens are.
        """
        return tokens

    def finish(self, tokens: Tokens) -> Tokens:
        """Called after the last block, before the final normalisation: put back what was set aside (vit, encoder)."""
        return tokens

    def fit(self, shape: Shape) -> Self:
        """This method with everything filled in that depends on the model, such as a schedule over its depth."""
        return self

    def acts_at(self, shape: Shape) -> Collection[int]:
        """The blocks, counted from 0, in which ``reduce`` is called.

        Raises:
            PrunariumError: the model does not have such a block.
        """
        return range(shape.depth)

    def writes(self, function: str) -> bool:
        """Whether the method has a rule of its own for a function that it may leave out, such as ``encode``."""
        return getattr(type(self), function) is not getattr(TokenMethod, function)

    def loss(self, memory: Mapping[str, Any]) -> Tensor | None:
        """What the method adds to a training loss, such as the distance from its budget; ``None`` for nothing.

        Args:
            memory: what it remembered in the last forward pass (``handle.memory``), and what it ``learns_from``.
        """
        return None

    @property
    def size_bias(self) -> bool:
        """Whether a merged token counts in attention as often as the tokens it stands for."""
        return False

    def knob(self, amount: float, shape: Shape) -> Self:
        """This method turned to keep ``amount`` (0 to 1) of what it can; more amount never keeps fewer tokens.

        ``with_budget`` searches it. A method without such a knob cannot be compared at equal budgets.
        """
        raise PrunariumError(f"{type(self).__name__} has no knob to search a budget with")

    def __add__(self, other: "TokenMethod") -> "TokenMethod":
        """Both methods, this one first: ``(load("tome", r=4) + load("evit")).apply(model)``.

        Raises:
            PrunariumError: they do not go together.
        """
        from prunarium.families.composition import compose

        return compose(self, other)

    def trained(self, weights: Path | Mapping[str, Tensor]) -> Self:
        """This method, which lends a model other weights as long as it is applied: those that were trained with it.

        Args:
            weights: of the model, by name; or a safetensors file in which their names begin with ``model.``.

        Raises:
            PrunariumError: there is no such file, or it holds no weights of a model.
        """
        from prunarium.families.backbone import read_backbone

        twin = self.model_copy()
        twin._backbone = read_backbone(weights) if isinstance(weights, Path) else dict(weights)
        return twin

    def apply(self, model: nn.Module) -> "Handle":
        """Put the method into a live model, in place; the handle takes it out again.

        Raises:
            PrunariumError: the method does not work on this model, or a method is applied already.
        """
        from prunarium.families.adapters import adapter_for

        handle = adapter_for(self, model).attach()
        if self._backbone is not None:
            handle.lend(self._backbone)
        return handle
