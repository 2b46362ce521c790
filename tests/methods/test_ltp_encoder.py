"""LTP in a whole model, hard and soft, against a second implementation."""

import torch

from prunarium import load

from ..families.encoder_models import make, texts
from .bert_by_hand import ByHand, compare

THRESHOLDS = (0.0, 0.02, 0.03, 0.05)


def fill(learned):
    straight = torch.arange(4).double() * 0.01 / 4
    learned["delta"].data = torch.tensor(THRESHOLDS, dtype=torch.float64) - straight


def by_hand(text, learned):
    left, entered = [], len(text.x)
    for layer in range(4):
        weights, _, attended = text.attend(layer)
        score = weights.mean(dim=0).sum(dim=0) / entered
        wanted = score >= THRESHOLDS[layer]
        wanted[0] = True
        (attended,) = text.keep(wanted, attended)
        text.feed(layer, attended)
        left.append(len(text.x))
    return left


def test_hard():
    compare(load("ltp", weights="random"), by_hand, fill)


@torch.no_grad()
def test_soft_masks_multiply_what_leaves_each_layer():
    model = make("BertModel", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0).double().train()
    batch = texts(model)
    with load("ltp", weights="random", temperature=0.01).apply(model) as handle:
        fill(handle.learned)
        together = model(**batch).last_hidden_state
        masks = handle.memory["masks"]
    for number, length in enumerate((16, 11, 7)):
        text = ByHand(model, batch, number)
        for layer in range(4):
            weights, _, attended = text.attend(layer)
            score = weights.mean(dim=0).sum(dim=0) / len(text.x)
            gate = ((score - THRESHOLDS[layer]) / 0.01).sigmoid()
            gate[0] = 1
            text.feed(layer, attended.detach())
            text.x = (text.x * gate.unsqueeze(-1)).detach()
        assert (together[number, :length] - text.x).abs().max() <= 1e-7
    assert len(masks) == 4
    assert masks[0] > masks[-1]
