from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from prunarium.families import KeptShareMethod, Layout
from prunarium.ops import Tokens, in_order, page_rank, top

NO_EDGE = -5000.0  # before the softmax, which makes it 0


class GPrune(KeptShareMethod):
    """Keep the tokens that most information flows to on the graph of similar tokens, of thumbnail and tiles apart.

    Jiang et al., What Kind of Visual Tokens Do We Need? Training-free Visual Token Pruning for Multi-modal Large
    Language Models from the Perspective of Graph, AAAI 2025 (arXiv 2501.02268).
    """

    similarity: Annotated[float, Field(gt=0, lt=1, strict=True)] = Field(
        0.5, description="cosine similarity from which on two tokens are joined"
    )
    temperature: Annotated[float, Field(gt=0, strict=True)] = Field(0.03, description="of the softmax over the edges")
    rounds: Annotated[int, Field(ge=1, strict=True)] = Field(5, description="how often information is handed on")

    def project(self, tokens: Tokens, layout: Layout) -> Tokens:
        if self.kept(tokens.count) == tokens.count:
            return tokens
        places = torch.arange(tokens.count, device=tokens.x.device)
        newline = torch.zeros_like(places, dtype=torch.bool) if layout.newline is None else layout.newline
        kept = [places[newline].expand(len(tokens.x), -1)]
        for part in (places < layout.thumbnail, places >= layout.thumbnail):
            members = places[part & ~newline]
            if len(members):
                kept.append(members[top(self.score(tokens.x[:, members]), self.kept(len(members)))])
        return tokens.keep(in_order(torch.cat(kept, dim=1)))

    def score(self, x: Tensor) -> Tensor:
        """Information that reaches each token, up to a factor for each sample ``[batch, tokens]``.

        Args:
            x: ``[batch, tokens, dim]``.
        """
        x = x.to(torch.promote_types(x.dtype, torch.float32))
        unit = nn.functional.normalize(x, dim=-1)
        near = unit @ unit.transpose(1, 2)
        links = (near / self.temperature).masked_fill(near < self.similarity, NO_EDGE).softmax(dim=-1)
        flow = page_rank(links.unsqueeze(1), self.rounds, x.norm(dim=-1)).squeeze(1)
        return flow / (links > 0).sum(dim=-1)
