"""The ``decoder`` family: methods that shorten the key-value cache of a decoder language model, or its prompt."""

from prunarium.families.decoder.bounded import BoundedMethod, EvictingMethod
from prunarium.families.decoder.heavy_hitters import HeavyHitterMethod, SinkingHitterMethod
from prunarium.families.decoder.method import DecoderMethod
from prunarium.families.decoder.observing import ObservingMethod

__all__ = [
    "BoundedMethod",
    "DecoderMethod",
    "EvictingMethod",
    "HeavyHitterMethod",
    "ObservingMethod",
    "SinkingHitterMethod",
]
