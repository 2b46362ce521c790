"""The ``encoder`` family: methods that drop or merge tokens in the layers of a text encoder such as BERT."""

from prunarium.families.encoder.evolution import evolve
from prunarium.families.encoder.frontier import Found, Frontier, read_frontier
from prunarium.families.encoder.method import EncoderMethod, LearnedEncoderMethod
from prunarium.families.encoder.retention import Retention, RetentionMethod

__all__ = [
    "EncoderMethod",
    "Found",
    "Frontier",
    "LearnedEncoderMethod",
    "Retention",
    "RetentionMethod",
    "evolve",
    "read_frontier",
]
