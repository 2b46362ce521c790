"""What the key-value cache of one layer holds."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class Entries:
    """Cached keys and values of one layer; each key head may hold other tokens.

    Attributes:
        keys: with their rotary embedding ``[batch, key heads, entries, head dim]``; without it where the cache turns
            them to their place in it.
        values: ``[batch, key heads, entries, head dim]``.
        place: the token of the prompt that each one is of ``[batch, key heads, entries]``.
        image: which are of image tokens ``[batch, key heads, entries]``; ``None`` where there are no images.
        there: which can be seen; the others are padding of the prompt, or fill up heads and samples that hold fewer
            than the rest ``[batch, key heads, entries]``; ``None`` when all can.
        weight: how much each one matters, as the method told it last ``[batch, key heads, entries]``; ``None`` where
            it told nothing.
        memory: what the method remembers of each head, such as a threshold ``[batch, key heads]``; ``None`` for
            nothing.
        note: what a method that keeps the same entries in all heads holds of each ``[batch, 1, entries, width]``;
            ``None`` for nothing.
    """

    keys: Tensor
    values: Tensor
    place: Tensor
    image: Tensor | None = None
    there: Tensor | None = None
    weight: Tensor | None = None
    memory: Tensor | None = None
    note: Tensor | None = None

    @property
    def count(self) -> int:
        """Entries that each key head has room for."""
        return self.keys.shape[2]

    @property
    def visible(self) -> Tensor:
        """Which can be seen ``[batch, key heads, entries]``."""
        return torch.ones_like(self.place, dtype=torch.bool) if self.there is None else self.there

    @property
    def lengths(self) -> Tensor:
        """How many can be seen ``[batch, key heads]``."""
        return self.visible.sum(dim=2)

    @property
    def of_image(self) -> Tensor:
        """Which are of image tokens ``[batch, key heads, entries]``."""
        return torch.zeros_like(self.place, dtype=torch.bool) if self.image is None else self.image

    @property
    def image_count(self) -> float:
        """Image tokens among those that can be seen, the mean over samples and key heads."""
        return (self.of_image & self.visible).sum(dim=2).double().mean().item()

    @property
    def known_weight(self) -> Tensor:
        """How much each one matters, where the method told it ``[batch, key heads, entries]``."""
        assert self.weight is not None, "the method writes no 'weigh'"
        return self.weight

    def keep(self, index: Tensor) -> "Entries":
        """Some of the entries, in the order given.

        Args:
            index: ``[batch, key heads, kept]``, or ``[batch, 1, kept]`` for the same in all heads.
        """
        index = index.expand(-1, self.keys.shape[1], -1)
        wide = index.unsqueeze(-1).expand(-1, -1, -1, self.keys.shape[-1])
        image, there, weight = (
            None if part is None else part.gather(2, index) for part in (self.image, self.there, self.weight)
        )
        keys, values = self.keys.gather(2, wide), self.values.gather(2, wide)
        note = self.note
        if note is not None:
            note = note.gather(2, index[:, :1, :, None].expand(-1, -1, -1, note.shape[-1]))
        return Entries(keys, values, self.place.gather(2, index), image, there, weight, self.memory, note)

    def only(self, wanted: Tensor) -> "Entries":
        """Those of the entries that are wanted, in their order; heads and samples may want different numbers of them.

        Args:
            wanted: ``[batch, key heads, entries]``, or ``[batch, 1, entries]`` for the same in all heads.
        """
        if bool(wanted.all()):
            return self
        index, meant = packed(wanted.expand_as(self.place))
        return replace(self.keep(index), there=None if bool(meant.all()) else meant)

    def with_contents(self, keys: Tensor, values: Tensor) -> "Entries":
        """The same entries with other keys and values, such as those that evicted ones were merged into."""
        return replace(self, keys=keys, values=values)


def packed(wanted: Tensor) -> tuple[Tensor, Tensor]:
    """Numbers of the entries that are wanted, ascending, and which of the numbers are meant where some want fewer.

    Args:
        wanted: ``[..., entries]``.

    Returns:
        two times ``[..., most wanted]``.
    """
    counts = wanted.sum(dim=-1)
    most = int(counts.max())
    if bool((counts == most).all()):  # no need to sort
        index = wanted.nonzero()[:, -1].view(*wanted.shape[:-1], most)
        return index, torch.ones_like(index, dtype=torch.bool)
    index = wanted.to(torch.int8).argsort(dim=-1, descending=True, stable=True)[..., :most]
    return index, wanted.gather(-1, index)


def packed_to_the_end(wanted: Tensor) -> tuple[Tensor, Tensor]:
    """The same, what fills up on the left."""
    index, meant = packed(wanted.flip(-1))
    return wanted.shape[-1] - 1 - index.flip(-1), meant.flip(-1)
