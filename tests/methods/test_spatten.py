"""SpAtten in a whole model, against a second implementation."""

import torch

from prunarium import load

from .bert_by_hand import compare, highest


def by_hand(text, learned):
    entered, given, received = len(text.x), torch.zeros(4).double(), torch.zeros(len(text.x)).double()
    heads, left = torch.ones(4, dtype=torch.bool), []
    for layer, (share, of_heads) in enumerate([(1.0, 4), (0.8, 4), (0.6, 3), (0.4, 2)]):
        out = text.layers[layer].attention.output.dense
        saved = out.weight.clone()
        out.weight[:, ~heads.repeat_interleave(8)] = 0
        weights, outputs, attended = text.attend(layer)
        out.weight.copy_(saved)
        given = given + outputs.abs().sum(dim=(1, 2)) * heads
        best = given.where(heads, torch.tensor(-1.0).double()).argsort(descending=True)[:of_heads]
        heads = torch.zeros(4, dtype=torch.bool).scatter(0, best, True)
        received = received + weights.mean(dim=0).sum(dim=0)
        attended, received = text.keep(highest(received, round(share * entered)), attended, received)
        text.feed(layer, attended)
        left.append(len(text.x))
    return left


def test_second_implementation():
    compare(load("spatten", keep_rate=0.4, head_keep_rate=0.5), by_hand)
