"""Which tokens look at something in particular."""

from torch import Tensor


def sharpness_saliency(attention: Tensor, prefix: int = 0) -> Tensor:
    """How far the attention of a token is sharper than the mean token's, from 0 (not sharper) to 1 (the sharpest).

    Sharp is a row of low entropy, heads averaged. Choi et al., CVPR 2024 (arXiv 2403.13347), section 3.2.

    Args:
        attention: softmaxed, without token sizes ``[batch, heads, tokens, tokens]``.
        prefix: leading tokens that get no score.

    Returns:
        ``[batch, tokens after the prefix]``.
    """
    row = attention.mean(dim=1)[:, prefix:]
    sharpness = (row * row.clamp(min=1e-12).log()).sum(dim=-1)
    above = (sharpness - sharpness.mean(dim=1, keepdim=True)).clamp(min=0)
    return above / above.amax(dim=1, keepdim=True).clamp(min=1e-12)
