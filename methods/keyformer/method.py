from typing import Annotated, ClassVar

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from prunarium.families import Attention, HeavyHitterMethod
from prunarium.ops import Entries, highest, latest


class Keyformer(HeavyHitterMethod):
    """Keep the entries with the highest scores so far, and a window of the last ones; a score is attention with Gumbel
    noise on its logits, and ever less peaked.

    Adnan et al., Keyformer: KV Cache Reduction through Key Tokens Selection for Efficient Generative Inference, MLSys
    2024 (arXiv 2403.09054), section 3 and algorithm 1. The k-th sample since the method was applied gets the same noise
    in every batch size.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"logits"})
    keep_rate: Annotated[float, Field(gt=0, le=1, strict=True)] = Field(
        0.6, description="share of the prompt's tokens left in the cache; 1 keeps everything, of new words too"
    )
    recent: Annotated[float, Field(ge=0, le=1, strict=True)] = Field(
        0.3, description="share of what is kept that is the last tokens"
    )
    temperature: Annotated[float, Field(gt=0)] = Field(1.0, description="of the scores while the prompt is read")
    warming: Annotated[float, Field(ge=0)] = Field(0.01, description="added to the temperature by every word")
    seed: Annotated[int, Field(ge=0, strict=True)] = Field(0, description="the same seed draws the same noise")

    def weigh(self, attention: Attention, entries: Entries, layer: int) -> Tensor:
        logits = attention.logits
        temperature = self.temperature + self.warming * attention.words.item()
        noisy = (logits + self.noise(logits, attention, entries, layer)) / temperature
        score = noisy.to(torch.promote_types(noisy.dtype, torch.float32)).softmax(dim=-1)
        return score.nan_to_num(0.0).sum(dim=2)  # a row of padding has no score to give

    def noise(self, logits: Tensor, attention: Attention, entries: Entries, layer: int) -> Tensor:
        """Gumbel noise for the logits of each sample; what cannot be seen takes none of it."""
        noise = torch.zeros(logits.shape)
        for number, (sample, seen) in enumerate(
            zip(attention.samples.tolist(), entries.visible[:, 0].cpu(), strict=True)
        ):
            columns = seen.nonzero()[:, 0]
            rows = min(logits.shape[2], len(columns))  # padding asks first
            state = np.random.SeedSequence([self.seed, layer, sample, int(attention.words)]).generate_state(1)
            draw = torch.Generator().manual_seed(int(state[0]))
            uneven = torch.empty(logits.shape[1], rows, len(columns)).exponential_(generator=draw)
            noise[number, :, logits.shape[2] - rows :].index_copy_(2, columns, -uneven.log())
        return noise.to(logits)

    def window(self, count: Tensor) -> Tensor:
        return (count.double() * self.recent).long()

    def keeps(self, entries: Entries, count: Tensor, layer: int) -> Tensor:
        """One entry fewer than the count, for the next word: the oldest of the window."""
        recent, there = self.window(count), entries.visible
        older = there & ~latest(recent, there)
        kept = latest(recent - 1, there) | highest(entries.known_weight, count - recent, older)
        return kept | (there & (entries.lengths < count).unsqueeze(-1))
