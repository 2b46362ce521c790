from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Self

import torch
from pydantic import Field
from torch import Tensor, nn

from prunarium.errors import PrunariumError
from prunarium.families import Attention, Shape, VlmMethod, check_stages, shape_of
from prunarium.ops import Tokens


class VTW(VlmMethod):
    """Withdraw all image tokens before one layer: by then the text has taken up what it needs of them.

    Lin et al., Boosting Multimodal Large Language Models with Visual Tokens Withdrawal for Rapid Inference, AAAI 2025
    (arXiv 2405.05803), where the method is described. The paper's K is ``layer``; it is 16 for 7B models of 32 layers
    and 20 for 13B models of 40, and ``search`` finds it for a model.
    """

    layer: Annotated[int, Field(ge=1, strict=True)] | None = Field(
        None,
        description="layer before which the image leaves, counted from 0, as many as there are: never; default: the "
        "middle of the depth",
    )

    def acts_at(self, shape: Shape) -> tuple[int, ...]:
        layer = max(1, shape.depth // 2) if self.layer is None else self.layer
        if layer == shape.depth:
            return ()
        check_stages([layer], shape.depth)
        return (layer,)

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        return tokens.keep(torch.empty(len(tokens.x), 0, dtype=torch.long, device=tokens.x.device))

    def knob(self, amount: float, shape: Shape) -> Self:
        return self.model_copy(update={"layer": max(1, round(amount * shape.depth))})

    @torch.inference_mode()
    def search(
        self, model: nn.Module, prompts: Iterable[Mapping[str, Any]], eta: float = 0.003, first: int = 5
    ) -> Self:
        """This method with the first layer before which the image can leave and the next word stays the same.

        The paper takes about 20 prompts and an ``eta`` of 0.003 for a 7B model.

        Args:
            model: nothing is applied to it.
            prompts: the model's arguments, prompt by prompt.
            eta: most divergence from the untouched model: KL(withdrawn || untouched) of the next word, mean over the
                prompts.
            first: layer to begin with.

        Raises:
            PrunariumError: there are no prompts, or no layer is good enough.
        """
        prompts, depth = list(prompts), shape_of(self, model).depth
        if not prompts or not 0 < first < depth:
            raise PrunariumError(f"give prompts, and a first layer from 1 to {depth - 1}, to search VTW's layer")
        untouched = _next_word(model, prompts)
        divergence = 0.0
        for layer in range(first, depth):
            found = self.model_copy(update={"layer": layer})
            with found.apply(model):
                divergence = _divergence(_next_word(model, prompts), untouched)
            if divergence <= eta:
                return found
        raise PrunariumError(
            f"no layer keeps the divergence within eta={eta}, the last has {divergence:.3g}; raise eta"
        )


def _next_word(model: nn.Module, prompts: list[Mapping[str, Any]]) -> Tensor:
    """Log-probabilities of the word after each prompt ``[prompts, words]``."""
    logits = [model(**prompt, logits_to_keep=1).logits[:, -1] for prompt in prompts]
    return torch.cat(logits).log_softmax(dim=-1)


def _divergence(one: Tensor, other: Tensor) -> float:
    """KL(one || other), mean over the prompts."""
    return nn.functional.kl_div(other, one, log_target=True, reduction="batchmean").item()
