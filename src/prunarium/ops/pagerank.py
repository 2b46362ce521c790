"""PageRank on the graph of attention: tokens vote for those they look at."""

import torch
from torch import Tensor


def page_rank(attention: Tensor, rounds: int, start: Tensor, there: Tensor | None = None) -> Tensor:
    """Importance of each token in each head after some rounds of voting.

    In a round every token hands its importance out along its attention. Wang et al., CVPR 2024 (arXiv 2305.17328),
    algorithm 1.

    Args:
        attention: softmaxed, queries before keys ``[batch, heads, tokens, tokens]``.
        rounds: how often they vote, at least once.
        start: importance before the first round ``[batch, tokens]``.
        there: tokens that give and receive votes ``[batch, tokens]``, boolean; all without it.

    Returns:
        ``[batch, heads, tokens]``, 0 for tokens that are not there; the mean over the others is 1.
    """
    voters = None if there is None else there[:, None, None].to(attention.dtype)
    score = start[:, None, None].to(attention.dtype).expand(-1, attention.shape[1], -1, -1)
    score = score if voters is None else score * voters
    for _ in range(rounds):
        score = score @ attention
        score = score if voters is None else score * voters
    score = score.squeeze(-2)
    count = score.shape[-1] if there is None else there.sum(dim=1)[:, None, None]
    return score * (count / score.sum(dim=-1, keepdim=True))


def rms_of_telling_heads(score: Tensor, least: float, most: float, there: Tensor | None = None) -> Tensor:
    """Root mean square over the heads whose scores vary neither too little nor too much; over all where none does.

    A token that matters much to one head stands out more than in a plain mean. Wang et al., CVPR 2024
    (arXiv 2305.17328), section 3.2: emphasizing informative region and variance-based head filter.

    Args:
        score: ``[batch, heads, tokens]``.
        least: lowest variance over the tokens that a head may have.
        most: highest.
        there: which tokens count in the variance ``[batch, tokens]``, boolean; all without it.

    Returns:
        ``[batch, tokens]``.
    """
    if there is None:
        variance = score.var(dim=-1, correction=0)
    else:
        real = there.unsqueeze(1).to(score.dtype)
        count = real.sum(dim=-1)
        mean = (score * real).sum(dim=-1) / count
        variance = ((score - mean.unsqueeze(-1)).square() * real).sum(dim=-1) / count
    telling = ((variance >= least) & (variance <= most)).to(score.dtype)
    telling = torch.where(telling.sum(dim=1, keepdim=True) > 0, telling, 1.0)
    return ((score.square() * telling.unsqueeze(-1)).sum(dim=1) / telling.sum(dim=1, keepdim=True)).sqrt()
