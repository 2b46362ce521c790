"""Putting a method into the blocks of a model."""

from collections.abc import Callable, Sequence

from torch import nn

from prunarium.families.base import Shape, TokenMethod
from prunarium.families.blocks.block import Halves, ReducingBlock
from prunarium.families.blocks.passage import Passage
from prunarium.families.handle import Handle
from prunarium.families.learned import parts_for


def stages(depth: int) -> tuple[int, ...]:
    """The blocks at 1/4, 1/2 and 3/4 of the depth, where staged methods reduce unless told otherwise."""
    return tuple(sorted({depth * quarter // 4 for quarter in (1, 2, 3)}))


def install(
    method: TokenMethod,
    model: nn.Module,
    blocks: Sequence[nn.Module],
    halves: Callable[..., Halves],
    shape: Shape,
    block_kind: type[ReducingBlock],
    passage_kind: Callable[[Handle, TokenMethod, int], Passage] = Passage,
) -> tuple[Handle, Passage]:
    """Put the method into the blocks from the first in which it acts; those before it run as they are.

    The first block is always patched: there a forward pass begins.
    """
    handle = Handle(method, model)
    method = method.fit(shape)
    handle.learned = parts_for(method, model)
    acting = set(method.acts_at(shape))
    passage = passage_kind(handle, method, shape.prefix)
    begins = min(acting, default=shape.depth - 1 if passage.finishes else shape.depth)
    quiet = range(1, 1 if passage.always else begins)
    previous: ReducingBlock | None = None
    for index, block in enumerate(blocks):
        last = index == shape.depth - 1
        reducing = block_kind(
            halves(block), index, index in acting, passage, previous, quiet if index == 0 else (), last
        )
        if index not in quiet:
            handle.patch(block, "forward", reducing.forward)
        if method.prunes_heads:
            reducing.halves.open_heads(handle)
        looked_at = index if method.place == "between" else index + 1
        if method.needs and looked_at in acting:
            reducing.halves.remember(handle, method.needs)
        previous = reducing
    return handle, passage
