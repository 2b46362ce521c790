import math
from collections.abc import Collection, Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from prunarium.families import Attention, Block, LearnedEncoderMethod, Shape, check_stages
from prunarium.ops import Tokens, thin


class TRBert(LearnedEncoderMethod):
    """Ask a small learned policy before two layers which tokens go on; the others go straight to the output.

    Ye et al., TR-BERT: Dynamic Token Reduction for Accelerating BERT Inference, NAACL 2021 (arXiv 2105.11618).
    In training the policy's actions are drawn, and their reward is how well the model then answers, less a price of
    what is kept. Before that the policy is taught to keep what the answer hangs on (``imitated``).
    """

    place: ClassVar[Literal["before"]] = "before"
    adaptive: ClassVar[bool] = True
    learns_from: ClassVar[frozenset[str]] = frozenset({"answer_losses", "saliency"})
    blocks: tuple[Block, ...] | None = Field(
        None, min_length=1, description="layers before which tokens are selected; default: 1 and half of the depth"
    )
    leniency: float = Field(0.0, description="added to the policy's logits; more keeps more")
    price: Annotated[float, Field(ge=0)] = Field(
        1.0, description="of keeping all tokens, in a training's reward; in nats of the answer's loss"
    )
    imitated: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None,
        description="share of the tokens before each selection that the policy is taught to keep, the most salient; "
        "training reinforces without it",
    )

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
        there = torch.ones_like(logits) if tokens.there is None else tokens.there[:, tokens.prefix :].detach()
        taken = tokens.memory.get("log_probability", 0.0) + (policy.log_prob(actions) * there).sum(dim=1)
        asked = (*tokens.memory.get("asked", ()), (logits, there))
        return thin(tokens, actions).remember(log_probability=taken, asked=asked)

    def loss(self, memory: Mapping[str, Any]) -> Tensor | None:
        """Of imitation, or of reinforcement; nothing where what it learns from is not given."""
        if self.imitated is not None and "saliency" in memory:
            return self._imitate(memory, self.imitated)
        if self.imitated is None and "answer_losses" in memory:
            left = torch.stack(memory["shares"]).mean(dim=0)
            return self.reinforce(memory, -memory["answer_losses"] - self.price * left)
        return None

    @staticmethod
    def _imitate(memory: Mapping[str, Any], share: float) -> Tensor:
        misses = []
        for stage, (logits, there) in enumerate(memory["asked"], start=1):
            salient = memory["saliency"][:, -logits.shape[1] :].argsort(dim=1, descending=True).argsort(dim=1)
            entered = (memory["saliency"][:, -logits.shape[1] :] > 0).sum(dim=1, keepdim=True)
            wanted = (salient < share**stage * entered).to(logits.dtype)
            missed = binary_cross_entropy_with_logits(logits, wanted, reduction="none")
            misses.append((missed * there).sum() / there.sum().clamp(min=1))
        return torch.stack(misses).mean()

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
