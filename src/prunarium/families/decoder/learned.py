"""Methods of the family with learned parts."""

from pydantic import Field

from prunarium.families.decoder.method import DecoderMethod
from prunarium.families.learned import RANDOM, WEIGHTS, LearnedMethod


class LearnedDecoderMethod(LearnedMethod, DecoderMethod):
    """A method with learned parts; as it comes, they are not trained."""

    weights: str = Field(RANDOM, description=WEIGHTS)
