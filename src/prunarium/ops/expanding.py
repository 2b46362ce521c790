"""Growing a set of tokens by those that it covers worst."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from prunarium.ops.selection import top


def expand(metric: Tensor, start: Tensor, additions: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Grow a set of tokens in steps; each step adds those whose best cosine to the set so far is lowest.

    Huang et al., CVPR 2024 (arXiv 2404.00672), section 3.3.

    Args:
        metric: what similarity is measured on ``[batch, tokens, dim]``.
        start: the tokens to begin with ``[begin]``, in this order.
        additions: how many tokens each step adds.

    Returns:
        the set, in the order of joining ``[batch, begin + additions]``; and for every token the place in that order of
        the one it is most similar to, itself for those in the set ``[batch, tokens]``.
    """
    metric = nn.functional.normalize(metric, dim=-1)
    similarity = metric @ metric.transpose(1, 2)
    chosen = start.expand(len(metric), -1)
    covered = similarity[:, :, start].amax(dim=-1).index_fill(1, start, torch.inf)
    for count in additions:
        if count:
            new = top(-covered, count)
            joined = similarity.gather(1, new.unsqueeze(-1).expand(-1, -1, metric.shape[1])).amax(dim=1)
            covered = covered.maximum(joined).scatter(1, new, torch.inf)
            chosen = torch.cat([chosen, new], dim=1)
    rows = similarity.gather(1, chosen.unsqueeze(-1).expand(-1, -1, metric.shape[1]))
    places = torch.arange(chosen.shape[1], device=metric.device).expand_as(chosen)
    return chosen, rows.argmax(dim=1).scatter(1, chosen, places)
