"""Tensor building blocks that methods share."""

from prunarium.ops.absorbing import absorb, most_similar
from prunarium.ops.alpha_sigmoid import alpha_sigmoid
from prunarium.ops.appending import append
from prunarium.ops.aside import set_aside, take_back
from prunarium.ops.attention_merging import merge_attention
from prunarium.ops.best import keep_best, less, portion
from prunarium.ops.bm25 import bm25
from prunarium.ops.cache_budgets import equal_prefixes, in_proportion, shared_out
from prunarium.ops.cache_merging import blend_evicted, merge_evicted, nearest_key, nearest_place
from prunarium.ops.choosing import choose
from prunarium.ops.clustering import Linkage, agglomerate, density_peaks, k_medoids
from prunarium.ops.complete_matching import CompleteMatching, complete_matching, match_any
from prunarium.ops.covering import covering_order
from prunarium.ops.deciding import above, drawn
from prunarium.ops.energy import energy
from prunarium.ops.entries import Entries
from prunarium.ops.expanding import expand
from prunarium.ops.folding import fold, summed
from prunarium.ops.grid_cells import grid_cells, nearest_size, windows
from prunarium.ops.grid_matching import grid_destinations, match_to
from prunarium.ops.halting import Halting
from prunarium.ops.importance import attention_times_value, received
from prunarium.ops.iterative_keeping import IterativeKeeping, above_threshold, keep_iteratively, loss_threshold
from prunarium.ops.keep_predictor import KeepPredictor
from prunarium.ops.keeping import down_to, earliest, highest, latest, share_of
from prunarium.ops.masked_softmax import masked_softmax
from prunarium.ops.matching import Matching, bipartite_soft_matching, match_best, sides
from prunarium.ops.merging import merge_groups, replace_groups, stand_in
from prunarium.ops.mixing import mix
from prunarium.ops.norms import with_largest_norm
from prunarium.ops.outliers import upper_outliers
from prunarium.ops.pagerank import page_rank, rms_of_telling_heads
from prunarium.ops.pooling import pool_neighbours
from prunarium.ops.pouring import pour
from prunarium.ops.redundancy import redundant
from prunarium.ops.rotary import rotated, unrotated
from prunarium.ops.saliency import sharpness_saliency
from prunarium.ops.sampling import inverse_transform_sample
from prunarium.ops.selection import in_order, others, top, weight_of_rest
from prunarium.ops.sinkhorn import sinkhorn
from prunarium.ops.smoothing import smooth
from prunarium.ops.squeezing import squeeze, squeeze_softly
from prunarium.ops.thinning import mean_tokens, thin
from prunarium.ops.tokens import DROPPED, Move, Tokens, add_at, follow, gather, groups
from prunarium.ops.two_way_matching import two_way_matching
from prunarium.ops.unit_means import Span, unit_means
from prunarium.ops.word_keeping import once_in_a_row, without_echoes, word_scores, word_threshold, words_kept

__all__ = [
    "DROPPED",
    "CompleteMatching",
    "Entries",
    "Halting",
    "IterativeKeeping",
    "KeepPredictor",
    "Linkage",
    "Matching",
    "Move",
    "Span",
    "Tokens",
    "above",
    "above_threshold",
    "absorb",
    "add_at",
    "agglomerate",
    "alpha_sigmoid",
    "append",
    "attention_times_value",
    "bipartite_soft_matching",
    "blend_evicted",
    "bm25",
    "choose",
    "complete_matching",
    "covering_order",
    "density_peaks",
    "down_to",
    "drawn",
    "earliest",
    "energy",
    "equal_prefixes",
    "expand",
    "fold",
    "follow",
    "gather",
    "grid_cells",
    "grid_destinations",
    "groups",
    "highest",
    "in_order",
    "in_proportion",
    "inverse_transform_sample",
    "k_medoids",
    "keep_best",
    "keep_iteratively",
    "latest",
    "less",
    "loss_threshold",
    "masked_softmax",
    "match_any",
    "match_best",
    "match_to",
    "mean_tokens",
    "merge_attention",
    "merge_evicted",
    "merge_groups",
    "mix",
    "most_similar",
    "nearest_key",
    "nearest_place",
    "nearest_size",
    "once_in_a_row",
    "others",
    "page_rank",
    "pool_neighbours",
    "portion",
    "pour",
    "received",
    "redundant",
    "replace_groups",
    "rms_of_telling_heads",
    "rotated",
    "set_aside",
    "share_of",
    "shared_out",
    "sharpness_saliency",
    "sides",
    "sinkhorn",
    "smooth",
    "squeeze",
    "squeeze_softly",
    "stand_in",
    "summed",
    "take_back",
    "thin",
    "top",
    "two_way_matching",
    "unit_means",
    "unrotated",
    "upper_outliers",
    "weight_of_rest",
    "windows",
    "with_largest_norm",
    "without_echoes",
    "word_scores",
    "word_threshold",
    "words_kept",
]
