"""Tensor building blocks that methods share."""

from prunarium.ops.deciding import above, drawn
from prunarium.ops.keep_predictor import KeepPredictor
from prunarium.ops.masked_softmax import masked_softmax
from prunarium.ops.matching import Matching, bipartite_soft_matching
from prunarium.ops.merging import merge_groups
from prunarium.ops.selection import in_order, top, weight_of_rest
from prunarium.ops.tokens import DROPPED, Move, Tokens, add_at, gather, groups

__all__ = [
    "DROPPED",
    "KeepPredictor",
    "Matching",
    "Move",
    "Tokens",
    "above",
    "add_at",
    "bipartite_soft_matching",
    "drawn",
    "gather",
    "groups",
    "in_order",
    "masked_softmax",
    "merge_groups",
    "top",
    "weight_of_rest",
]
