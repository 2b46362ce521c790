"""Pyramid-BERT in a whole model, against a second implementation."""

import math

import torch

from prunarium import load

from .bert_by_hand import compare

SHARES = (0.9, 0.7, 0.5, 0.3)


def by_hand(text, learned):
    left, entered = [], len(text.x)
    for layer in range(4):
        _, _, attended = text.attend(layer)
        chosen = [0]
        while len(chosen) < min(math.ceil(SHARES[layer] * entered), len(attended)):
            apart = torch.cdist(attended, attended[chosen]).amin(dim=1)
            chosen.append(int(apart.argmax()))
        wanted = torch.zeros(len(attended), dtype=torch.bool)
        wanted[chosen] = True
        (attended,) = text.keep(wanted, attended)
        text.feed(layer, attended)
        left.append(len(text.x))
    return left


def test_second_implementation():
    compare(load("pyramid-bert", retention=SHARES), by_hand)
