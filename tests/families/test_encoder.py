"""Text encoders with a method in them: what is refused, and what a dropped token leaves with."""

import math
from dataclasses import replace
from typing import ClassVar

import pytest
import torch

from prunarium import PrunariumError, load
from prunarium.families import EncoderMethod, shape_of, with_budget

from .encoder_models import alone, answers, make, real, texts
from .untrained import fresh


class Looking(EncoderMethod):
    """Keeps every token and looks at everything."""

    needs: ClassVar = frozenset(
        {"full_attention", "received_attention", "attention_from_others", "cls_attention", "head_outputs"}
    )
    seen: ClassVar[list] = []

    def reduce(self, tokens, attention, block):
        self.seen.append({name: getattr(attention, name) for name in self.needs})
        return tokens


class OnlyEven(EncoderMethod):
    """Drops every second token in layer 1, before its attention."""

    place: ClassVar = "before"

    def reduce(self, tokens, attention, block):
        wanted = torch.arange(1, tokens.count).expand(len(tokens.x), -1) % 2 == 0
        return tokens.keep_where(wanted)

    def acts_at(self, shape):
        return (1,)


class WithoutHeads(EncoderMethod):
    """Leaves out the first head in all layers after the first."""

    prunes_heads: ClassVar = True

    def reduce(self, tokens, attention, block):
        heads = torch.ones(len(tokens.x), 4, dtype=tokens.x.dtype)
        heads[:, 0] = 0
        return replace(tokens, heads=heads)

    def acts_at(self, shape):
        return (0,)


@pytest.mark.parametrize("kind", ["BertModel", "RobertaForTokenClassification", "DistilBertModel", "DebertaV2Model"])
@torch.inference_mode()
def test_what_attention_offers_is_what_the_model_computes(kind):
    model = make(kind, attn_implementation="eager")
    batch = texts(model)
    own = model(**batch, output_attentions=True).attentions
    Looking.seen.clear()
    with Looking().apply(model):
        model(**batch)
    there = batch["attention_mask"].double()
    for seen, matrix in zip(Looking.seen, own, strict=True):
        matrix = matrix.double()
        assert (seen["full_attention"] - matrix).abs()[there.bool().unsqueeze(1).expand(-1, 4, -1)].max() <= 1e-5
        assert (seen["cls_attention"] - matrix[:, :, 0]).abs().max() <= 1e-5
        rows = matrix.mean(dim=1)
        received = torch.einsum("bq,bqk->bk", there, rows) / there.sum(dim=1, keepdim=True)
        assert (seen["received_attention"] - received).abs().max() <= 1e-5
        without = rows - torch.diag_embed(rows.diagonal(dim1=1, dim2=2))
        others = torch.einsum("bq,bqk->bk", there, without) / there.sum(dim=1, keepdim=True)
        assert (seen["attention_from_others"] - others).abs().max() <= 1e-5
        assert seen["head_outputs"].shape == (3, 4, 16, 8)


@pytest.mark.parametrize("kind", ["BertModel", "DistilBertModel", "DebertaV2Model"])
@torch.inference_mode()
def test_a_dropped_token_has_the_state_it_left_with(kind):
    model = make(kind)
    batch = texts(model, (12, 12))
    states = model(**batch, output_hidden_states=True).hidden_states
    with OnlyEven().apply(model) as handle:
        after, home = model(**batch).last_hidden_state, handle.source()
    dropped = torch.arange(12) % 2 == 1
    assert (home[:, dropped] == -1).all()
    assert torch.equal(after[:, dropped], states[1][:, dropped])
    assert ((after - states[1])[:, ~dropped].abs().amax(dim=-1) > 1e-3).all()
    if kind == "DebertaV2Model":
        return  # its layers want to know distances too: the next test
    x = states[1][:, ~dropped]
    for layer in (model.encoder if kind == "BertModel" else model.transformer).layer[1:]:
        x = layer(x)
    assert (after[:, ~dropped] - x).abs().max() <= 1e-5


@torch.inference_mode()
def test_distances_in_deberta_are_those_in_the_text():
    """Dropping tokens is as masking them, where nothing but what was dropped differs."""
    model = make("DebertaV2Model")
    batch = texts(model, (12, 12))
    with OnlyEven().apply(model):
        after = model(**batch).last_hidden_state
    states = model(**batch, output_hidden_states=True).hidden_states
    seen = (torch.arange(12) % 2 == 0).expand(2, -1)
    mask = seen[:, None, None, :] & seen[:, None, :, None]
    relative = model.encoder.get_rel_pos(states[1])
    x = states[1]
    for layer in model.encoder.layer[1:]:
        x = layer(x, mask, relative_pos=relative, rel_embeddings=model.encoder.get_rel_embedding())[0]
    assert (after - x)[seen].abs().max() <= 1e-5


@pytest.mark.parametrize("kind", ["BertModel", "DistilBertModel", "DebertaV2Model"])
@torch.inference_mode()
def test_a_head_left_out_gives_nothing(kind):
    model, twin = make(kind), make(kind)
    batch = texts(model)
    layers = twin.transformer.layer if kind == "DistilBertModel" else twin.encoder.layer
    for layer in layers[1:]:
        out = layer.attention.out_lin if kind == "DistilBertModel" else layer.attention.output.dense
        out.weight[:, :8] = 0
    with WithoutHeads().apply(model):
        after = model(**batch).last_hidden_state
    assert real(after - twin(**batch).last_hidden_state, batch).abs().max() <= 1e-5


@torch.inference_mode()
def test_padding_in_between():
    """A hole in a text is as if it were not there, but for the positions of the words behind it."""
    model = make("BertForTokenClassification").double()
    batch = texts(model, (12, 12))
    there = torch.ones(2, 12, dtype=torch.bool)
    there[0, 3:6] = there[1, 8] = False
    with load("length-adaptive").apply(model):
        together = model(batch["input_ids"], attention_mask=there.long()).logits
    for row in range(2):
        places = there[row].nonzero().flatten()
        with load("length-adaptive").apply(model):
            single = model(batch["input_ids"][row : row + 1, places], position_ids=places[None]).logits[0]
        assert (together[row, places] - single).abs().max() <= 1e-9


@torch.inference_mode()
def test_masks_that_are_not_of_padding_are_refused():
    model = make("BertModel")
    batch = texts(model, (6, 4))
    with load("random").apply(model):
        with pytest.raises(PrunariumError, match=r"only masks of padding work, \[batch, tokens\]"):
            model(batch["input_ids"], attention_mask=torch.ones(2, 1, 6, 6))
        with pytest.raises(PrunariumError, match="without any token"):
            model(batch["input_ids"], attention_mask=torch.zeros(2, 6))
        assert model(batch["input_ids"], torch.ones(2, 6)).last_hidden_state.isfinite().all()


@torch.inference_mode()
def test_a_head_that_would_read_padding_is_refused():
    model = make("RobertaForSequenceClassification")
    with load("random").apply(model), pytest.raises(PrunariumError, match="pad on the right"):
        model(**texts(model, left=True))


@pytest.mark.parametrize(
    ("kind", "extra", "reason"),
    [
        ("BertModel", {"is_decoder": True}, "is a decoder"),
        ("BertModel", {"attn_implementation": "flex_attention"}, "attn_implementation='sdpa'"),
        ("DebertaV2Model", {"conv_kernel_size": 3}, "convolves neighbouring tokens"),
    ],
)
def test_models_that_would_be_wrong_are_refused(kind, extra, reason):
    with pytest.raises(PrunariumError, match=reason):
        load("random").apply(make(kind, **extra))


def test_gradient_checkpointing_is_refused():
    model = make("BertForSequenceClassification")
    model.gradient_checkpointing_enable()
    with pytest.raises(PrunariumError, match="gradient checkpointing runs blocks twice"):
        load("random").apply(model)


def test_other_models_are_named():
    with pytest.raises(PrunariumError, match="it works on: transformers Bert, Roberta, DistilBert, DebertaV2"):
        load("length-adaptive").apply(torch.nn.Linear(2, 2))


@torch.inference_mode()
def test_padding_does_not_count_in_the_budget():
    model = make("BertModel")
    with load("length-adaptive", retention=[0.5] * 4).apply(model) as handle:
        model(**texts(model, (16, 8)))
        assert handle.report().budget == 0.5
        assert handle.report().entered(2).tolist() == [16, 8]
        model(**texts(model, (16, 16)))
        assert handle.report().budget == 0.5


@torch.inference_mode()
def test_in_double_and_in_autocast():
    model = make("BertForSequenceClassification")
    batch = texts(model)
    with load("power-bert").apply(model):
        single = answers(model(**batch))
        with torch.autocast("cpu", torch.bfloat16):
            assert answers(model(**batch)).isfinite().all()
    with load("power-bert").apply(model.double()):
        assert (answers(model(**batch)) - single).abs().max() <= 1e-4


@torch.inference_mode()
def test_two_methods_one_after_the_other():
    """The later sees what the earlier left, of each text in a padded batch as alone."""
    model = make("BertModel").double()
    both = load("random", blocks=[1, 2], keep_rate=0.8) + load("topk-received", blocks=[2], keep_rate=0.6)
    batch = texts(model)
    with both.apply(model) as handle:
        together, counts = model(**batch).last_hidden_state, handle.report().per_sample(3).tolist()
    for number, length in enumerate((16, 11, 7)):
        first = math.ceil((length - 1) * 0.8)
        last = math.ceil(math.ceil(first * 0.8) * 0.6)
        assert counts[number] == [length, 1 + first, 1 + last, 1 + last]
        with both.apply(model) as handle:
            handle.samples = number
            single = model(**alone(batch, number)).last_hidden_state[0]
        assert (together[number, :length] - single).abs().max() <= 1e-9


def test_heads_are_left_out_behind_a_plus_too():
    assert (load("random") + load("topk-received")).prunes_heads is False
    assert (load("spatten") + load("random")).prunes_heads is True


def test_a_budget_out_of_reach_is_refused():
    model = make("BertModel")
    shape = replace(shape_of(load("length-adaptive"), model), tokens=20)
    with pytest.raises(PrunariumError, match=r"cannot reach budget 0\.01; the nearest it comes is 0\.050"):
        with_budget(load("length-adaptive"), 0.01, shape)


def test_a_schedule_for_another_depth_is_refused():
    with pytest.raises(PrunariumError, match="retention lists 3 layers, the model has 4"):
        load("length-adaptive", retention=[0.5, 0.4, 0.3]).apply(make("BertModel"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["length-adaptive", "spatten", "transkimmer", "funnel-transformer"])
@torch.no_grad()
def test_compiled(name):
    """torch.compile gives the same answers; where it cannot follow a method, it falls back without an error."""
    model = make("BertForSequenceClassification")
    batch = texts(model)
    with fresh(name).apply(model):
        eager = answers(model(**batch))
    torch._dynamo.reset()
    with fresh(name).apply(model):
        compiled = torch.compile(model, backend="aot_eager")
        assert (answers(compiled(**batch)) - eager).abs().max() <= 1e-4
