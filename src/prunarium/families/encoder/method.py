"""What a method of the family is."""

from typing import ClassVar

from pydantic import Field

from prunarium.families.base import TokenMethod
from prunarium.families.learned import WEIGHTS, LearnedMethod
from prunarium.records import Family


class EncoderMethod(TokenMethod):
    """A method for text encoders. ``reduce`` sees the hidden states at one ``place`` in each layer.

    The cls token comes first in every sample and is never reduced; padding comes last and is not ``there``.
    """

    families: ClassVar[tuple[Family, ...]] = ("encoder",)


class LearnedEncoderMethod(LearnedMethod, EncoderMethod):
    """A method with learned parts; it comes with those for the benchmark's model."""

    weights: str = Field("storyworld-encoder", description=WEIGHTS)
