"""A BERT run layer by layer, one text at a time, for methods that are written out a second time."""

import torch

from tests.families.encoder_models import alone, make, texts


class ByHand:
    """One text on its way through the layers.

    Attributes:
        x: hidden states of the tokens that are left ``[tokens, dim]``.
        place: where each of them was at first ``[tokens]``.
        output: of every token that entered, what the last layer it went through gave ``[tokens, dim]``.
    """

    def __init__(self, model, batch, number):
        self.layers = model.encoder.layer
        self.x = model.embeddings(**alone(batch, number))[0].detach()
        self.place, self.output = torch.arange(len(self.x)), self.x.clone()

    def attend(self, number):
        """Attention ``[heads, tokens, tokens]``, what the heads give ``[heads, tokens, dim]``, what leaves the half."""
        attention = self.layers[number].attention
        q, k, v = (
            linear(self.x).unflatten(-1, (-1, attention.self.attention_head_size)).transpose(0, 1)
            for linear in (attention.self.query, attention.self.key, attention.self.value)
        )
        weights = (q @ k.transpose(1, 2) * attention.self.scaling).softmax(dim=-1)
        heads = weights @ v
        return weights, heads, attention.output(heads.transpose(0, 1).flatten(1), self.x)

    def keep(self, wanted, *others):
        """Go on with some tokens ``[tokens]``, boolean; returns what is left of others ``[tokens, ...]``."""
        self.x, self.place = self.x[wanted], self.place[wanted]
        return [other[wanted] for other in others]

    def feed(self, number, attended):
        """The second half of a layer, of the tokens that are left."""
        layer = self.layers[number]
        self.x = layer.output(layer.intermediate(attended), attended)
        self.output[self.place] = self.x


def highest(score, count):
    """Which ``count`` scores are the highest, the first always ``[tokens]``, boolean."""
    wanted = torch.zeros(len(score), dtype=torch.bool)
    wanted[0] = True
    wanted[1 + score[1:].argsort(descending=True)[: count - 1]] = True
    return wanted


def compare(method, by_hand, fill=None):
    """Hold a method in a BERT, on a padded batch, against a function of a text by hand, sample by sample.

    Args:
        method: the method.
        by_hand: runs a ``ByHand`` through its layers, given the learned parts.
        fill: changes the learned parts before.
    """
    model = make("BertModel").double()
    batch = texts(model)
    with torch.no_grad(), method.apply(model) as handle:
        if fill is not None:
            fill(handle.learned)
        together, counts = model(**batch).last_hidden_state, handle.report().per_sample(3)
    for number, length in enumerate(batch["attention_mask"].sum(dim=1)):
        text = ByHand(model, batch, number)
        with torch.no_grad():
            left = by_hand(text, handle.learned)
        assert counts[number].tolist() == left
        assert (together[number, :length] - text.output).abs().max() <= 1e-9
    assert int(counts.min()) < int(batch["attention_mask"].sum(dim=1).min())
