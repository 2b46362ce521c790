import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Self

import torch
from pydantic import Field, PrivateAttr
from torch import Tensor, nn

from prunarium.errors import PrunariumError
from prunarium.families import Attention, Shape, VlmMethod, shape_of
from prunarium.ops import Tokens, gather, in_order, top

Count = Annotated[int, Field(ge=0, strict=True)]


class FitPrune(VlmMethod):
    """Delete in every layer as many image tokens as a recipe says: those that image and text attend to least.

    Ye et al., Fit and Prune: Fast and Training-free Visual Token Pruning for Multi-modal Large Language Models,
    AAAI 2025 (arXiv 2409.10197), where the method is described. ``search`` fits a recipe to the attention that a model
    pays to the images of a few prompts.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"full_attention", "text_attention", "image_places"})
    recipe: Annotated[tuple[Count, ...], Field(min_length=1)] | None = Field(
        None, description="image tokens that each layer deletes, from the first on; default: equally many"
    )
    drop_rate: Annotated[float, Field(ge=0, le=1, strict=True)] | None = Field(
        None,
        description="without a recipe: share of all image tokens that each layer deletes; default: so many that a "
        "tenth reaches the last layer",
    )
    _seen: list[Tensor] | None = PrivateAttr(None)  # while a recipe is searched: what each layer's attention tells

    def fit(self, shape: Shape) -> Self:
        if self.recipe is not None or self.drop_rate is not None:
            return self
        return self.model_copy(update={"drop_rate": 0.9 / max(1, shape.depth - 1)})

    def acts_at(self, shape: Shape) -> tuple[int, ...]:
        """What a layer deletes is gone before the next one; what the last deletes, nobody sees."""
        if self.recipe is None:
            return tuple(range(1, shape.depth))
        if len(self.recipe) > shape.depth:
            raise PrunariumError(f"the recipe lists {len(self.recipe)} layers, the model has {shape.depth}")
        return tuple(layer + 1 for layer, count in enumerate(self.recipe) if count and layer + 1 < shape.depth)

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        if self.recipe is not None:
            left = tokens.reducible - self.recipe[block - 1]
        else:
            assert self.drop_rate is not None, "fit to a model first"
            left = tokens.original - round(tokens.original * self.drop_rate * block)
        if self._seen is not None:
            self._seen.append(torch.stack(_attended(attention), dim=1))
        if left >= tokens.reducible:
            return tokens
        from_image, from_text = _attended(attention)
        return tokens.keep(in_order(top(from_image * from_text, max(1, left))))

    def knob(self, amount: float, shape: Shape) -> Self:
        """Of a recipe: so much less or more from every layer. Without one: more or less from each."""
        if self.recipe is None:
            return self.model_copy(update={"drop_rate": 1 - amount})
        times = 1 / max(amount, 1e-6) - 1
        return self.model_copy(update={"recipe": tuple(round(count * times) for count in self.recipe)})

    @torch.inference_mode()
    def search(self, model: nn.Module, prompts: Iterable[Mapping[str, Any]], budget: float = 0.4) -> Self:
        """This method with a recipe that meets a budget and takes equally much attention from every layer.

        One bound holds in all layers for the share of the attention, of image and of text, that the tokens deleted so
        far would get; it is found by bisection.

        Args:
            model: nothing is applied to it.
            prompts: the model's arguments, prompt by prompt; all with equally many image tokens.
            budget: mean image tokens per layer, of the untouched model's.

        Raises:
            PrunariumError: there are no prompts, their images differ in size, or no recipe meets the budget.
        """
        layers = shape_of(self, model).depth - 1
        watching = type(self)(drop_rate=0.0)
        seen: list[Tensor] = []
        watching._seen = seen
        with watching.apply(model):
            for prompt in prompts:
                model(**prompt)
        if len({layer.shape[-1] for layer in seen}) != 1:
            raise PrunariumError("search a recipe with prompts whose images have equally many tokens, at least one")
        per_prompt = [torch.stack(seen[start : start + layers], dim=1) for start in range(0, len(seen), layers)]
        attended = torch.cat(per_prompt)
        return self.model_copy(update={"recipe": _fitted(attended / attended.sum(dim=-1, keepdim=True), budget)})


def _fitted(shares: Tensor, budget: float) -> tuple[int, ...]:
    """Tokens to delete in each layer but the last.

    Args:
        shares: of the attention that each image token gets ``[samples, layers, image or text, image tokens]``.
        budget: mean image tokens per layer, of all.

    Raises:
        PrunariumError: it cannot be met.
    """
    layers, tokens = shares.shape[1], shares.shape[3]

    def left(bound: float) -> list[int]:
        gone = torch.zeros(len(shares), tokens, dtype=torch.bool, device=shares.device)
        counts = [tokens]
        for layer in range(layers):
            from_image, from_text = (_least(shares[:, layer, which], gone, bound) for which in (0, 1))
            gone = gone | (from_image & from_text)
            counts.append(max(1, tokens - round(gone.sum(dim=1).double().mean().item())))
        return counts

    def spent(counts: Sequence[int]) -> float:
        return sum(counts) / (len(counts) * tokens) - 1e-9

    low, high = 0.0, 1.0 + 1e-6  # shares add up to 1 but for rounding
    if spent(left(high)) > budget:
        raise PrunariumError(f"no recipe comes down to budget {budget}; the least is {spent(left(high)):.3f}")
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (low, middle) if spent(left(middle)) <= budget else (middle, high)
    counts = left(high)
    return tuple(before - after for before, after in itertools.pairwise(counts))


def _least(share: Tensor, gone: Tensor, bound: float) -> Tensor:
    """The tokens with least attention, those gone among them, that get no more than a bound together
    ``[samples, tokens]``."""
    order = share.masked_fill(gone, -1).argsort(dim=1)
    return torch.zeros_like(gone).scatter(1, order, share.gather(1, order).cumsum(dim=1) <= bound)


def _attended(attention: Attention) -> tuple[Tensor, Tensor]:
    """Attention that each image token gets from the image and from the text behind it, of the head that pays it most
    ``[batch, image tokens]``."""
    places = attention.image_places
    rows = gather(attention.full_attention.amax(dim=1), places)
    columns = places.unsqueeze(1).expand(-1, places.shape[1], -1)
    return rows.gather(2, columns).mean(dim=1), attention.text_attention.amax(dim=1).sum(dim=1)
