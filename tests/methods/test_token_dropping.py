"""Token Dropping's training pass against a second implementation, and the running means that it goes by."""

import math

import torch

from prunarium import load
from prunarium.families import shape_of

from ..families.encoder_models import make, texts
from .bert_by_hand import ByHand


@torch.no_grad()
def test_second_implementation():
    model = make("BertModel", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0).double().train()
    batch = texts(model, (16, 16))
    with load("token-dropping", vocabulary=60, never=[7]).apply(model) as handle:
        handle.learned.losses.copy_(torch.arange(60.0) % 11 / 100 + torch.arange(60) / 1e4)
        together, report = model(**batch).last_hidden_state, handle.report()
        losses = handle.learned.losses.clone()
    assert report.tokens_out == [16, 9, 9, 16]
    for number in range(2):
        text, words = ByHand(model, batch, number), batch["input_ids"][number]
        score = losses[words].masked_fill(words == 7, math.inf)
        score[0] = math.inf
        stays = torch.zeros(16, dtype=torch.bool)
        stays[score.argsort(descending=True)[:9]] = True
        for layer in range(4):
            if layer == 1:
                waiting = text.x[~stays]
                text.keep(stays)
            if layer == 3:
                whole = torch.empty(16, 32).double()
                whole[stays], whole[~stays] = text.x, waiting
                text.x, text.place = whole, torch.arange(16)
            text.feed(layer, text.attend(layer)[2])
        assert (together[number] - text.x).abs().max() <= 1e-9


def test_means_run_by_word():
    method = load("token-dropping", vocabulary=60, memory=0.9)
    method = method.fit(shape_of(method, make("BertModel")))
    method.observe(torch.tensor([[3, 4], [3, 9]]), torch.tensor([[1.0, 2.0], [3.0, 0.0]]))
    begun = math.log(60)
    expected = {3: 0.9 * begun + 0.1 * 2, 4: 0.9 * begun + 0.1 * 2, 9: 0.9 * begun, 5: begun}
    for word, mean in expected.items():
        assert abs(float(method.learned.losses[word]) - mean) <= 1e-6
