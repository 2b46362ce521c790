"""Where methods act, and their way into live models."""

from prunarium.families.adapters import adapter_for, shape_of
from prunarium.families.base import Attention, Shape, TokenMethod
from prunarium.families.budget import budget_of, tokens_per_block, tokens_read, with_budget
from prunarium.families.decoder import (
    BoundedMethod,
    DecoderMethod,
    EvictingMethod,
    HeavyHitterMethod,
    ObservingMethod,
    SinkingHitterMethod,
)
from prunarium.families.encoder import EncoderMethod, LearnedEncoderMethod, Retention, RetentionMethod, evolve
from prunarium.families.handle import BlockRecord, Handle, Report
from prunarium.families.learned import LearnedMethod, LearnedStages
from prunarium.families.method import Method
from prunarium.families.per_block import PerBlock, PerBlockMethod
from prunarium.families.prompt import (
    CompressedPrompt,
    IterativeMethod,
    Judged,
    Prompt,
    PromptMethod,
    Ranked,
    RulePromptMethod,
    Scorer,
    SentenceEncoder,
    Surprise,
    TokenClassifier,
    count_each,
    paragraphs,
    phrases,
    sentences,
    spaced_text_of,
    terms,
)
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
    "BoundedMethod",
    "CacheShareMethod",
    "CompressedPrompt",
    "CumulativeMethod",
    "DecoderMethod",
    "EncoderMethod",
    "EvictingMethod",
    "Family",
    "Handle",
    "HeavyHitterMethod",
    "IterativeMethod",
    "Judged",
    "KeptShareMethod",
    "Layout",
    "LearnedEncoderMethod",
    "LearnedMethod",
    "LearnedStages",
    "LearnedVlmMethod",
    "Method",
    "ObservingMethod",
    "PerBlock",
    "PerBlockMethod",
    "Prompt",
    "PromptMethod",
    "Ranked",
    "RegisterMethod",
    "RegridMethod",
    "Report",
    "Retention",
    "RetentionMethod",
    "RulePromptMethod",
    "Scorer",
    "SentenceEncoder",
    "Shape",
    "SinkingHitterMethod",
    "SoftMerging",
    "StagedMethod",
    "Surprise",
    "TokenClassifier",
    "TokenMethod",
    "Tower",
    "VitMethod",
    "VlmMethod",
    "adapter_for",
    "after_first",
    "at_depth",
    "budget_of",
    "check_stages",
    "count_each",
    "evolve",
    "paragraphs",
    "phrases",
    "sentences",
    "shape_of",
    "spaced_text_of",
    "terms",
    "tokens_per_block",
    "tokens_read",
    "turned",
    "with_budget",
]
