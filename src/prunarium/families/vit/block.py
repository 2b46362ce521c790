"""A block of a vision transformer."""

from typing import Any

from torch import Tensor

from prunarium.errors import PrunariumError
from prunarium.families.blocks.block import ReducingBlock


class VitBlock(ReducingBlock):
    """A block that knows no masks: all patches of an image are there."""

    def forward(
        self, x: Tensor, /, attn_mask: Tensor | None = None, is_causal: bool = False, *args: Any, **options: Any
    ) -> Tensor:
        """The block with the reduction in it ``[batch, tokens, dim]``; options are the library's, for hooks.

        Raises:
            PrunariumError: there is a mask.
        """
        if attn_mask is not None or is_causal:
            raise PrunariumError("attention masks are not supported while a method is applied")
        return self.run(x)
