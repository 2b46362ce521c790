"""Where methods act, and their way into live models."""

from prunarium.families.adapters import adapter_for, shape_of
from prunarium.families.base import Attention, Shape, TokenMethod
from prunarium.families.budget import budget_of, tokens_per_block, tokens_read, with_budget
from prunarium.families.encoder import EncoderMethod, LearnedEncoderMethod, Retention, RetentionMethod, evolve
from prunarium.families.handle import BlockRecord, Handle, Report
from prunarium.families.learned import LearnedMethod, LearnedStages
from prunarium.families.per_block import PerBlock, PerBlockMethod
from prunarium.families.scaling import at_depth, turned
from prunarium.families.soft_merging import SoftMerging
from prunarium.families.staging import Block, CumulativeMethod, StagedMethod, after_first, check_stages
from prunarium.families.vit import VitMethod
from prunarium.families.vlm import (
    CacheShareMethod,
    KeptShareMethod,
    Layout,
    LearnedVlmMethod,
    RegisterMethod,
    RegridMethod,
    Tower,
    VlmMethod,
)
from prunarium.records import Family

__all__ = [
    "Attention",
    "Block",
    "BlockRecord",
    "CacheShareMethod",
    "CumulativeMethod",
    "EncoderMethod",
    "Family",
    "Handle",
    "KeptShareMethod",
    "Layout",
    "LearnedEncoderMethod",
    "LearnedMethod",
    "LearnedStages",
    "LearnedVlmMethod",
    "PerBlock",
    "PerBlockMethod",
    "RegisterMethod",
    "RegridMethod",
    "Report",
    "Retention",
    "RetentionMethod",
    "Shape",
    "SoftMerging",
    "StagedMethod",
    "TokenMethod",
    "Tower",
    "VitMethod",
    "VlmMethod",
    "adapter_for",
    "after_first",
    "at_depth",
    "budget_of",
    "check_stages",
    "evolve",
    "shape_of",
    "tokens_per_block",
    "tokens_read",
    "turned",
    "with_budget",
]
