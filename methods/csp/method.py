from collections.abc import Sequence
from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from prunarium.families import Attention, CacheShareMethod
from prunarium.ops import Entries, highest, latest, share_of

Share = Annotated[float, Field(ge=0, le=1, strict=True)]


class CSP(CacheShareMethod):
    """Keep the entries that the last queries of their own modality attend to most, those of the other modality, and the
    recent ones.

    Pei et al., Cross-Self KV Cache Pruning for Efficient Vision-Language Inference (arXiv 2412.04652), section 3.2.
    Attention is n-softmaxed (equation 7). The paper's R is ``recent``, its O ``observation``.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"logits", "image_places", "prompt_there"})
    keep_rate: Annotated[float, Field(gt=0, le=1, strict=True)] = Field(
        0.2, description="share of the prompt's tokens left in the cache, text and image"
    )
    recent: Share = Field(0.1, description="share of the prompt that is its last tokens, which stay; half at most")
    observation: Share = Field(0.1, description="share of the prompt that is the last queries, which are looked at")
    self_share: Share = Field(0.5, description="share of the other places that attention within a modality fills")
    n: Annotated[float, Field(ge=0, strict=True)] = Field(1.0, description="what the n-softmax adds to its denominator")

    def weigh(self, attention: Attention, layer: int) -> Tensor:
        """What each token receives from its own modality and from the other ``[batch, 1, 2, tokens]``."""
        there, places = attention.prompt_there, attention.image_places
        watching = latest(share_of(there.sum(dim=1), self.observation).clamp(min=1), there)
        rows = int(watching.sum(dim=1).max())
        logits = attention.logits[:, :, -rows:]
        wide = torch.promote_types(logits.dtype, torch.float32)
        rest = torch.full_like(logits[..., :1], self.n).log()
        scores = torch.cat([logits, rest], dim=-1).softmax(dim=-1, dtype=wide)[..., :-1].mean(dim=1)
        scores = scores * watching[:, -rows:].unsqueeze(-1)
        image = torch.zeros_like(there).scatter(1, places, True)
        own = image[:, -rows:].unsqueeze(2) == image.unsqueeze(1)
        return torch.stack([(scores * own).sum(dim=1), (scores * ~own).sum(dim=1)], dim=1).unsqueeze(1)

    def shrink(self, cache: Sequence[Entries], weights: Sequence[Tensor]) -> list[Entries]:
        return [entries.only(self._kept(entries, weight)) for entries, weight in zip(cache, weights, strict=True)]

    def _kept(self, entries: Entries, weight: Tensor) -> Tensor:
        there, own, other = entries.visible[:, :1], weight[:, :, 0], weight[:, :, 1]
        total, tokens = self.left(entries)[:, :1], there.sum(dim=2)
        window = torch.minimum(share_of(tokens, self.recent), total // 2)
        recent = latest(window, there)
        room = total - window
        attended = [there & ~recent & (score > 0) for score in (own, other)]
        within, across = (one.sum(dim=2) for one in attended)
        wanted = torch.minimum(share_of(room, self.self_share), within)
        crossing = torch.minimum(room - wanted, across)
        chosen = highest(own, room - crossing, attended[0]) | highest(other, crossing, attended[1])
        return recent | chosen
