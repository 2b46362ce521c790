"""What sentences mean, as vectors."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from prunarium.families.prompt.tokens import check_tokenizer, read_tokens, special_around
from prunarium.families.prompt.windows import evaluating, window_of, windows
from prunarium.ops import Span


class SentenceEncoder:
    """Makes vectors of sentences with an encoder of transformers, each sentence read in its context.

    A sentence's vector is the mean of what the model makes of its tokens while it reads the text around them. What is
    longer than the model reads at once is read in windows, of which each shares at least half with the one before.
    """

    def __init__(self, model: Any, tokenizer: Any, *, window: int | None = None) -> None:
        """A model and its tokenizer.

        Args:
            model: such as AutoModel loads: its first output is ``[batch, tokens, dim]``.
            tokenizer: the model's own, a fast one.
            window: tokens read at once; default: as many as the model can.

        Raises:
            PrunariumError: the tokenizer does not say where its tokens stand, or the window does not fit the model.
        """
        check_tokenizer(tokenizer)
        self.model, self.tokenizer = model, tokenizer
        self.window = window_of(model, window, tokenizer.num_special_tokens_to_add())

    def embed(self, text: str, spans: Sequence[Span]) -> Tensor:
        """A vector for each part of a text ``[spans, dim]``, zero where a part has no token.

        Args:
            text: all of it is read.
            spans: the parts, in order.
        """
        tokens = read_tokens(self.tokenizer, text)
        if not tokens.ids:
            return torch.zeros(len(spans), self.model.config.hidden_size)
        starts = [tokens.spans[unit][0] for unit in tokens.units]
        states = self._states(tokens.ids, *special_around(self.tokenizer, text))
        part = torch.bucketize(torch.tensor(starts), torch.tensor([end for _, end in spans]), right=True)
        part = part.clamp(max=len(spans) - 1)
        sums = states.new_zeros(len(spans), states.shape[1]).index_add(0, part, states)
        return sums / part.bincount(minlength=len(spans)).clamp(min=1).unsqueeze(1)

    def _states(self, ids: list[int], before: list[int], behind: list[int]) -> Tensor:
        """What the model makes of each token ``[tokens, dim]``, float32 on the CPU."""
        found = []
        with evaluating(self.model):
            for begin, end, fresh in windows(len(ids), self.window):
                read = torch.tensor([[*before, *ids[begin:end], *behind]], device=self.model.device)
                states = self.model(input_ids=read)[0][0, len(before) : len(before) + end - begin]
                found.append(states[fresh - begin :].float().cpu())
        return torch.cat(found)
