"""Merging that keeps the length of feature vectors."""

from dataclasses import replace

from prunarium.ops.tokens import Tokens


def with_largest_norm(merged: Tokens, before: Tokens) -> Tokens:
    """Each merged token with the length of the longest of those that went into it, its direction kept.

    A mean is shorter than what it is the mean of. Kim et al., WACV 2024 (arXiv 2312.01026), MLERP.

    Args:
        merged: the tokens after a step that drops none.
        before: the tokens before it.
    """
    lengths = before.x.norm(dim=-1)
    length = merged.x.norm(dim=-1)
    largest = lengths.new_zeros(length.shape).scatter_reduce(1, merged.moves[-1].group(), lengths, "amax")
    return replace(merged, x=merged.x * (largest / length).unsqueeze(-1))
