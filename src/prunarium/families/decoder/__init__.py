"""The ``decoder`` family: methods that shorten the key-value cache of a decoder language model, or its prompt."""

from prunarium.families.decoder.bounded import BoundedMethod, EvictingMethod
from prunarium.families.decoder.context import Context, Past
from prunarium.families.decoder.heavy_hitters import HeavyHitterMethod, SinkingHitterMethod
from prunarium.families.decoder.learned import LearnedDecoderMethod
from prunarium.families.decoder.low_rank import LowRank
from prunarium.families.decoder.method import DecoderMethod
from prunarium.families.decoder.observing import ObservingMethod
from prunarium.families.decoder.soft_tokens import SoftTokenMethod, joined

__all__ = [
    "BoundedMethod",
    "Context",
    "DecoderMethod",
    "EvictingMethod",
    "HeavyHitterMethod",
    "LearnedDecoderMethod",
    "LowRank",
    "ObservingMethod",
    "Past",
    "SinkingHitterMethod",
    "SoftTokenMethod",
    "joined",
]
