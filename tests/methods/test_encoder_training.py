"""What methods for text encoders are trained with: saliency, the losses of their papers, lengths that were searched."""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file

from prunarium import PrunariumError, load
from prunarium.families import shape_of
from prunarium.families.encoder import Found, Frontier, read_frontier
from tests.script_modules import script, untrained_task

from ..families.encoder_models import make, texts

SHARES = st.lists(st.floats(0.01, 1), min_size=4, max_size=4).map(lambda shares: tuple(sorted(shares, reverse=True)))


@pytest.fixture(scope="module")
def training():
    return script("train_method")


@pytest.fixture(scope="module")
def task(training, tmp_path_factory):
    return untrained_task(training, "encoder", tmp_path_factory.mktemp("weights"))


def test_saliency_is_what_small_changes_say():
    """Along each word's embedding, the right answer's score changes as fast as the gradient says; padding never."""
    model = make("BertForSequenceClassification").double()
    batch, labels = texts(model), torch.tensor([0, 1, 2])
    found = script("saliency").saliency(model, lambda: model(**batch).logits, labels)
    assert found.shape == batch["input_ids"].shape
    assert torch.allclose(found.sum(dim=1), torch.ones(3, dtype=torch.float64))
    assert (found[batch["attention_mask"] == 0] == 0).all()
    assert (found[batch["attention_mask"] == 1] > 0).all()
    embedded = model.get_input_embeddings()(batch["input_ids"]).detach().requires_grad_()
    model(inputs_embeds=embedded, attention_mask=batch["attention_mask"]).logits[range(3), labels].sum().backward()
    hangs = (embedded.grad * embedded).norm(dim=-1)
    assert torch.allclose(found, hangs / hangs.sum(dim=1, keepdim=True))
    assert not model.get_input_embeddings()._forward_hooks


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("ltp", {}),
        ("transkimmer", {}),
        ("adapler", {}),
        ("tr-bert", {"imitated": 0.6}),
        ("tr-bert", {}),
        ("power-bert", {"learn": True, "longest": 200}),
    ],
)
def test_every_part_learns_beside_a_frozen_model(training, task, tmp_path, name, parameters):
    model, path = task.benchmark.model(), tmp_path / "trained.safetensors"
    before = {key: value.clone() for key, value in model.state_dict().items()}
    method = training.untrained(name, parameters)
    fresh = {key: value.clone() for key, value in method.fit(shape_of(method, model)).learned.state_dict().items()}
    batch = task.make(4, 5, None)
    trained = training.fine_tune(
        method, model, task, lambda step: batch, steps=3, rate=1e-2, backbone=[], amounts=(0.2, 0.4)
    )
    moved = {key for key, value in trained.learned.state_dict().items() if not torch.equal(value, fresh[key])}
    assert moved == set(fresh)
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    training.save(trained, model, [], path)
    assert set(load_file(path)) == {f"parts.{key}" for key in fresh}
    with load(name, weights=str(path), **parameters).apply(model) as handle:
        for key, value in handle.learned.state_dict().items():
            assert torch.allclose(value, trained.learned.state_dict()[key], rtol=1e-3, atol=1e-4)


def test_a_training_goes_on_from_a_file(training, task, tmp_path):
    """LTP's second stage: hard masks, the model alone learns, from the thresholds of the first."""
    path = tmp_path / "first.safetensors"
    batch, model = task.make(4, 5, None), task.benchmark.model()
    amounts = (0.2, 0.4)
    first = training.untrained("ltp", {})
    first = training.fine_tune(first, model, task, lambda step: batch, steps=2, rate=1e-3, backbone=[], amounts=amounts)
    training.save(first, model, [], path)
    second = training.untrained("ltp", {"temperature": 0.0}, path)
    names = training.weights_of(model, ["query"])
    before = {key: value.clone() for key, value in model.state_dict().items()}
    second = training.fine_tune(
        second, model, task, lambda step: batch, steps=2, rate=1e-2, backbone=names, amounts=amounts
    )
    assert torch.allclose(second.learned["delta"], first.learned["delta"], atol=1e-5)
    assert {key for key, value in model.state_dict().items() if not torch.equal(value, before[key])} == set(names)


@torch.no_grad()
def test_hard_masks_of_ltp_do_what_dropping_does():
    model = make("BertForSequenceClassification", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0).double()
    batch = texts(model)
    with load("ltp", weights="random", final_threshold=0.05, temperature=0.0).apply(model) as handle:
        dropped, left = model(**batch).logits, handle.report().per_sample(3)
        model.train()
        masked = model(**batch).logits
        assert left[0].tolist() == [16, 15, 12, 7]
    assert (masked - dropped).abs().max() <= 2e-3  # the masked softmax adds a small number


def test_imitation_teaches_to_keep_the_salient():
    model = make("BertModel", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0).train().requires_grad_(False)
    batch = texts(model)
    salient = (torch.rand(3, 16, generator=torch.Generator().manual_seed(0)) + 0.1) * batch["attention_mask"]
    method = load("tr-bert", weights="random", imitated=0.5, blocks=(0,))
    with method.apply(model) as handle:
        optimiser = torch.optim.Adam(handle.learned.parameters(), lr=1e-2)
        for _ in range(150):
            model(**batch)
            optimiser.zero_grad()
            handle.method.loss({**handle.memory, "saliency": salient / salient.sum(dim=1, keepdim=True)}).backward()
            optimiser.step()
        model.eval()
        model(**batch)
        home = handle.source()
    for row, length in enumerate((16, 11, 7)):
        kept = (home[row, 1:length] >= 0).float()
        highest = salient[row, 1:length].argsort(descending=True).argsort() < 0.5 * (length - 1)
        assert (kept.bool() == highest).float().mean() > 0.8


def test_what_contributions_are_taught():
    divergence = script_of("adapler").divergence
    told = torch.tensor([[0.5, 0.3, 0.2, 0.0]])
    assert divergence(told, told).abs() < 1e-6
    assert divergence(told, torch.tensor([[0.2, 0.3, 0.5, 0.0]])) > 0.1
    gone = torch.tensor([[0.625, 0.375, 0.0, 0.0]])  # of those that are left, the same shares
    assert divergence(told, gone).abs() < 1e-6


def script_of(name):
    import sys

    from prunarium.registry import load_class

    return sys.modules[load_class(name).__module__]


@given(st.lists(SHARES, min_size=1, max_size=4), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_budgets_between_the_lengths_found_are_reached(known, low, high):
    frontier = Frontier(found=tuple(Found(budget=0.0, quality=0.0, retention=one) for one in known))
    low, high = sorted((low, high))
    one, other = (frontier.at(share, 4) for share in (low, high))
    assert abs(sum(one) / 4 - max(low, 1e-6)) <= 1e-4
    assert sum(one) <= sum(other) + 1e-9
    assert list(one) == sorted(one, reverse=True)
    assert frontier.at(1.0, 4) == (1.0,) * 4


def test_searched_lengths_are_written_and_read(task, tmp_path):
    searching, path = script("search_lengths"), tmp_path / "found.json"
    weights = task.benchmark.weights
    searching.main(out=path, rounds=1, stories=4, seed=0, weights=weights, trained=None)
    frontier = read_frontier(path)
    assert [one.budget for one in frontier.found] == sorted(one.budget for one in frontier.found)
    batch, model = task.make(4, searching.SEED, None), task.benchmark.model()
    best = frontier.found[-1]
    found = load("length-adaptive", retention=best.retention)
    assert searching.quality_of(found, model, task, batch) == pytest.approx(best.quality, abs=1e-5)
    method = load("length-adaptive", found=str(path))
    with torch.inference_mode(), method.knob(0.6, shape_of(method, model)).apply(model) as handle:
        model(**batch[0])
        assert abs(handle.report().budget - 0.6) < 0.01
    with pytest.raises(PrunariumError, match="these lengths are for 6 layers, the model has 4; search its own"):
        method.apply(make("BertModel"))
    path.write_text("[]")
    with pytest.raises(PrunariumError, match="it holds no length configurations"):
        method.fit(replace(shape_of(load("length-adaptive"), model)))
    with pytest.raises(PrunariumError, match=r"gone\.json: no such file; scripts/search_lengths\.py writes one"):
        load("length-adaptive", found="gone").apply(model)


def test_a_learned_configuration_is_turned():
    model = make("BertModel")
    method = load("power-bert", learn=True, longest=16, weights="random")
    shape = shape_of(method, model)
    method, counts = method.fit(shape), []
    for layer, numbers in enumerate(method.learned):
        numbers.data.fill_(0.9 ** (layer + 1))
    for amount in (0.2, 0.5, 0.8, 1.0):
        with torch.no_grad(), method.knob(amount, shape).apply(model) as handle:
            model(**texts(model, (16,)))
            counts.append(handle.report().per_sample(1)[0].tolist())
    assert counts[1] == [int(16 * 0.9 ** (layer + 1)) for layer in range(4)]
    assert counts[3] == [16] * 4
    assert all(a <= b for few, more in pairwise(counts) for a, b in zip(few, more, strict=True))
