"""Methods of the family with learned parts."""

from pydantic import Field

from prunarium.families.learned import WEIGHTS, LearnedMethod
from prunarium.families.vlm.method import VlmMethod


class LearnedVlmMethod(LearnedMethod, VlmMethod):
    """A method with learned parts, which come trained for the model of the digit-grid benchmark."""

    weights: str = Field("digit-grid", description=WEIGHTS)
