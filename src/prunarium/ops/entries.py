"""What the key-value cache of one layer holds."""

from dataclasses import dataclass, replace

from torch import Tensor


@dataclass(frozen=True)
class Entries:
    """Cached keys and values of one layer; each key head may hold other tokens, all hold equally many.

    Attributes:
        keys: with their rotary embedding ``[batch, key heads, entries, head dim]``.
        values: ``[batch, key heads, entries, head dim]``.
        place: the token of the prompt that each one is of ``[batch, key heads, entries]``.
        image: which are of image tokens ``[batch, key heads, entries]``.
    """

    keys: Tensor
    values: Tensor
    place: Tensor
    image: Tensor

    @property
    def count(self) -> int:
        """Entries of each key head."""
        return self.keys.shape[2]

    @property
    def image_count(self) -> float:
        """Image tokens among them, the mean over samples and key heads."""
        return self.image.sum(dim=2).double().mean().item()

    def keep(self, index: Tensor) -> "Entries":
        """Some of the entries, in the order given.

        Args:
            index: ``[batch, key heads, kept]``, or ``[batch, 1, kept]`` for the same in all heads.
        """
        index = index.expand(-1, self.keys.shape[1], -1)
        wide = index.unsqueeze(-1).expand(-1, -1, -1, self.keys.shape[-1])
        return Entries(
            self.keys.gather(2, wide),
            self.values.gather(2, wide),
            self.place.gather(2, index),
            self.image.gather(2, index),
        )

    def with_contents(self, keys: Tensor, values: Tensor) -> "Entries":
        """The same entries with other keys and values, such as those that evicted ones were merged into."""
        return replace(self, keys=keys, values=values)
