"""Tensor building blocks that methods share."""

from prunarium.ops.matching import Matching, bipartite_soft_matching
from prunarium.ops.merging import merge_groups
from prunarium.ops.selection import in_order, top, weight_of_rest
from prunarium.ops.tokens import DROPPED, Move, Tokens, gather, groups

__all__ = [
    "DROPPED",
    "Matching",
    "Move",
    "Tokens",
    "bipartite_soft_matching",
    "gather",
    "groups",
    "in_order",
    "merge_groups",
    "top",
    "weight_of_rest",
]
