"""random-LTD: in training, layers work on the tokens drawn and on no others; else the model is untouched."""

import pytest
import torch

from prunarium import load
from tests.families.decoder_models import KINDS, make, padded, prompts


@pytest.fixture
def training():
    """A model in training mode, and back again."""
    models = []

    def make_training(kind):
        models.append(make(kind).train())
        return models[-1]

    yield make_training
    for model in models:
        model.eval().zero_grad()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "opt"])  # whose dropout would draw, too
@torch.inference_mode()
def test_layers_work_on_the_tokens_drawn(kind, training):
    model, ids = training(kind), prompts()
    before = model(ids, output_hidden_states=True).hidden_states
    with load("random-ltd", keep_rate=0.5).apply(model) as handle:
        after = model(ids, output_hidden_states=True).hidden_states
        report = handle.report()
    assert report.tokens_out == [24, 12, 24]
    torch.testing.assert_close(after[1], before[1])
    passed = (after[2] == after[1]).all(dim=2)
    assert (passed.sum(dim=1) == 12).all()
    for number in range(2):
        worked = (~passed[number]).nonzero()[:, 0]
        assert_alone(model, after, number, worked)


def assert_alone(model, hidden, number, worked):
    """The second layer by itself, on some tokens at their positions, gives the same."""
    reader = model.gpt_neox if hasattr(model, "gpt_neox") else model.model
    entered = hidden[1][number : number + 1, worked]
    turns = reader.rotary_emb(entered, worked.unsqueeze(0))
    alone = reader.layers[1](entered, attention_mask=None, position_embeddings=turns)
    torch.testing.assert_close(alone[0], hidden[2][number, worked], atol=1e-5, rtol=1e-4)


@torch.inference_mode()
def test_outside_of_training_nothing_changes():
    model = make()
    before = model(prompts()).logits
    with load("random-ltd").apply(model) as handle:
        assert torch.equal(model(prompts()).logits, before)
        assert handle.report().budget == 1


@pytest.mark.parametrize("kind", ["llama", "opt"])
def test_a_step_lowers_the_loss(kind, training):
    model, inputs = training(kind), padded()
    start = {name: value.clone() for name, value in model.state_dict().items()}
    try:
        optimiser = torch.optim.SGD(model.parameters(), lr=0.05)
        with load("random-ltd", keep_rate=0.7).apply(model):
            losses = []
            for _ in range(4):
                torch.manual_seed(0)
                loss = model(**inputs, labels=inputs["input_ids"]).loss
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                losses.append(loss.item())
        assert losses[-1] < losses[0]
    finally:
        model.load_state_dict(start)
