"""TR-BERT in a whole model with given policies, against a second implementation; the policy's loss."""

import pytest
import torch

from prunarium import load

from ..families.encoder_models import make, texts
from .bert_by_hand import compare


def fill(learned):
    torch.manual_seed(2)
    for parameter in learned.parameters():
        parameter.data = torch.randn_like(parameter) * (0.5 if parameter.ndim > 1 else 0.1)


def by_hand(text, learned):
    left = []
    for layer in range(4):
        if layer in (1, 2):
            wanted = learned[str(layer)](text.x).squeeze(-1).sigmoid() >= 0.5
            wanted[0] = True
            text.keep(wanted)
        _, _, attended = text.attend(layer)
        text.feed(layer, attended)
        left.append(len(text.x))
    return left


def test_second_implementation():
    compare(load("tr-bert", weights="random"), by_hand, fill)


def test_reinforce_makes_rewarded_actions_likelier():
    model = make("BertModel").train()
    batch, reward = texts(model), torch.tensor([1.0, 0.0, 0.0])
    with load("tr-bert", weights="random").apply(model) as handle:
        fill(handle.learned)
        optimiser = torch.optim.SGD(handle.learned.parameters(), lr=1e-3)
        said = []
        for _ in range(2):
            torch.manual_seed(0)
            model(**batch)
            said.append(handle.memory["log_probability"].detach())
            optimiser.zero_grad()
            handle.method.reinforce(handle.memory, reward).backward()
            optimiser.step()
    assert (said[1] - said[1].mean() - said[0] + said[0].mean())[0] > 0
    with pytest.raises(KeyError):
        handle.method.reinforce({}, reward)
