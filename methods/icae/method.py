from pydantic import Field
from torch import nn

from prunarium.families import Context, LowRank, Past, Shape, SoftTokenMethod, joined


class ICAE(SoftTokenMethod):
    """Have the model, with an adapter of low rank, write a prompt into memory slots, which it reads in its place.

    Ge et al., In-context Autoencoder for Context Compression in a Large Language Model, ICLR 2024 (arXiv 2307.06945),
    section 2.1. The slots are the hidden states of learned memory tokens behind the prompt; the model that reads them
    is the untouched one.
    """

    rank: int = Field(8, ge=1, strict=True, description="rank of the adapters beside queries and values")

    def parts(self, shape: Shape) -> nn.ParameterDict:
        parts = super().parts(shape)
        layers = [nn.ModuleDict(self._adapters(shape)) for _ in range(shape.depth)]
        parts.add_module("adapters", nn.ModuleList(layers))
        return parts

    def _adapters(self, shape: Shape) -> dict[str, nn.Module]:
        return {name: LowRank(width, out, self.rank) for name, width, out in shape.projections}

    def summarise(self, context: Context, number: int) -> Past:
        with context.adapted(self.learned.get_submodule("adapters").children()):
            hidden, _ = context.read(joined(context.embeddings, self.soft(context, number)))
        _, past = context.read(hidden[:, -number:])
        return past
