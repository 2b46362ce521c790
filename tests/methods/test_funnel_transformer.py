"""Funnel pooling in a whole model, against a second implementation."""

import torch

from prunarium import load

from ..families.encoder_models import make, texts
from .bert_by_hand import ByHand


def halved(x):
    """Pairs averaged, the last of an odd number alone, the first token apart."""
    pairs = [torch.stack(pair).mean(dim=0) for pair in zip(x[1::2], x[2::2], strict=False)]
    alone = [x[-1]] if len(x) % 2 == 0 else []
    return torch.stack([x[0], *pairs, *alone])


@torch.no_grad()
def test_second_implementation():
    model = make("BertModel").double()
    batch = texts(model)
    with load("funnel-transformer", blocks=[1, 3]).apply(model) as handle:
        together, report = model(**batch).last_hidden_state, handle.report()
    for number, length in enumerate((16, 11, 7)):
        text, counts = ByHand(model, batch, number), []
        for layer in range(4):
            if layer in (1, 3):
                text.x = halved(text.x)
                text.place = torch.arange(len(text.x))
            _, _, attended = text.attend(layer)
            text.feed(layer, attended)
            counts.append(len(text.x))
        assert report.per_sample(3)[number].tolist() == counts
        quarter = [0, *(1 + (place - 1) // 2 // 2 for place in range(1, length))]
        assert (together[number, :length] - text.x[quarter]).abs().max() <= 1e-9
