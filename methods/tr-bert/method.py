import math
from collections.abc import Collection, Mapping
from typing import Any, ClassVar, Literal, Self

import torch
from pydantic import Field
from torch import Tensor, nn

from prunarium.families import Attention, Block, LearnedEncoderMethod, Shape, check_stages
from prunarium.ops import Tokens, thin


class TRBert(LearnedEncoderMethod):
    """Ask a small learned policy before two layers which tokens go on; the others go straight to the output.

    Ye et al., TR-BERT: Dynamic Token Reduction for Accelerating BERT Inference, NAACL 2021 (arXiv 2105.11618).
    In training the policy's actions are drawn, and ``reinforce`` makes its loss from a reward.
    """

    place: ClassVar[Literal["before"]] = "before"
    adaptive: ClassVar[bool] = True
    blocks: tuple[Block, ...] | None = Field(
        None, min_length=1, description="layers before which tokens are selected; default: 1 and half of the depth"
    )
    leniency: float = Field(0.0, description="added to the policy's logits; more keeps more")

    def acts_at(self, shape: Shape) -> Collection[int]:
        blocks = self.blocks or sorted({1, shape.depth // 2} & set(range(shape.depth))) or (0,)
        check_stages(blocks, shape.depth)
        return blocks

    def parts(self, shape: Shape) -> nn.ModuleDict:
        """A policy for each layer that selects: a linear layer, GELU, and one more that gives the logit of keeping."""
        dim = shape.dim
        return nn.ModuleDict(
            {
                str(block): nn.Sequential(nn.Linear(dim, dim), nn.GELU(), nn.Linear(dim, 1))
                for block in self.acts_at(shape)
            }
        )

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        assert isinstance(self.learned, nn.ModuleDict)
        logits = self.learned[str(block)](tokens.x[:, tokens.prefix :].detach()).squeeze(-1) + self.leniency
        if not tokens.training:
            return tokens.keep_where(logits >= 0)
        policy = torch.distributions.Bernoulli(logits=logits)
        actions = policy.sample()
        there = 1.0 if tokens.there is None else tokens.there[:, tokens.prefix :].to(logits.dtype).detach()
        taken = (policy.log_prob(actions) * there).sum(dim=1)
        return thin(tokens, actions).remember(log_probability=tokens.memory.get("log_probability", 0.0) + taken)

    @staticmethod
    def reinforce(memory: Mapping[str, Any], reward: Tensor) -> Tensor:
        """The policy's loss: the log-probability of what was drawn, times the reward above the batch's mean.

        Args:
            memory: of the forward pass in training (``handle.memory``).
            reward: of every sample, such as the negative loss minus a price of the tokens kept ``[batch]``.
        """
        reward = reward.detach()
        return -((reward - reward.mean()) * memory["log_probability"]).mean()

    def knob(self, amount: float, shape: Shape) -> Self:
        odds = math.inf if amount >= 1 else amount / (1 - amount)
        return self.model_copy(update={"leniency": math.log(max(odds, 1e-9))})
