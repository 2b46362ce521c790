"""How many others a token is alike to."""

from torch import Tensor, nn


def energy(metric: Tensor, margin: float) -> Tensor:
    """Mean over all tokens of how far their cosine similarity lies above a margin; below it the ELU levels off.

    A high energy marks a token that many others resemble. Tran et al., NeurIPS 2024 (arXiv 2405.16148), section 3.2.

    Args:
        metric: what similarity is measured on ``[batch, tokens, dim]``.
        margin: similarity from which on two tokens count as alike.

    Returns:
        ``[batch, tokens]``.
    """
    metric = nn.functional.normalize(metric, dim=-1)
    return nn.functional.elu(metric @ metric.transpose(1, 2) - margin).mean(dim=-1)
