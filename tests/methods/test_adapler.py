"""AdapLeR in a whole model with given predictors, against a second implementation."""

import torch

from prunarium import load

from .bert_by_hand import compare


def fill(learned):
    torch.manual_seed(2)
    for parameter in learned["predictors"].parameters():
        parameter.data = torch.randn_like(parameter) * (0.3 if parameter.ndim > 1 else 0.1)


def by_hand(text, learned):
    left = []
    for layer in range(4):
        share = learned["predictors"][layer](text.x).squeeze(-1).softmax(dim=0)
        share[0] *= 0.5
        share = share / share.sum()
        wanted = share >= 0.5 / len(text.x)
        wanted[0] = True
        text.keep(wanted)
        _, _, attended = text.attend(layer)
        text.feed(layer, attended)
        left.append(len(text.x))
    return left


def test_second_implementation():
    compare(load("adapler", weights="random", cls_scale=0.5), by_hand, fill)
