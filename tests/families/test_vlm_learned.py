"""Methods of the vlm family with learned parts: they learn, and their parts are found, refused and kept."""

from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file

from prunarium import PrunariumError, load, registry
from prunarium.families import LearnedMethod, shape_of, with_budget
from prunarium.families.vlm.tower import RandomTower
from prunarium.ops import Tokens

from .vlm_models import MODELS, make_llava, one_of, prompt_for

METHODS = sorted(
    name
    for name, card in registry.cards().items()
    if "vlm" in card.families and issubclass(registry.load_class(name), LearnedMethod)
)


def last_logits(model, prompt):
    return model(**prompt, use_cache=not model.training, logits_to_keep=1).logits[:, -1]


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("name", METHODS)
def test_gradients_reach_all_parts_and_a_step_lowers_the_loss(name, kind):
    model = MODELS[kind]().requires_grad_(False)
    prompt = prompt_for(model)
    method = load(name, weights="random")
    try:
        method = method.fit(shape_of(method, model))
    except PrunariumError as reason:
        pytest.skip(str(reason))
    with torch.no_grad():
        for parameter in method.learned.parameters():
            parameter += 0.1 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(0))
    wanted = torch.tensor([7, 9])

    def loss():
        return torch.nn.functional.cross_entropy(last_logits(model, prompt), wanted)

    model.train()
    with method.apply(model) as handle:
        before = loss()
        assert handle.learned is method.learned and handle.learned.training
        before.backward()
        assert all(p.grad is not None and p.grad.isfinite().all() for p in handle.learned.parameters())
        assert all(p.grad.any() for p in handle.learned.parameters())
        squared = sum(p.grad.square().sum() for p in handle.learned.parameters())
        with torch.no_grad():
            for parameter in handle.learned.parameters():
                parameter -= 1e-3 / squared.sqrt() * parameter.grad
            assert loss() < before
        model.eval()
        with torch.no_grad():
            model(**prompt)
        assert not handle.learned.training


@pytest.mark.parametrize("name", METHODS)
def test_files_of_parts_are_found_and_refused(name, tmp_path):
    model, path = make_llava(), tmp_path / "parts.safetensors"
    method = load(name, weights="random")
    state = method.fit(shape_of(method, model)).learned.state_dict()
    drawn = {f"parts.{key}": torch.randn(value.shape).half() for key, value in state.items()}
    save_file(drawn, path)
    with load(name, weights=str(path)).apply(model) as handle:
        for key, value in handle.learned.state_dict().items():
            assert torch.equal(value, drawn[f"parts.{key}"].float())
    first = sorted(drawn)[0]
    save_file({**drawn, first: torch.zeros(3)}, path)
    with pytest.raises(PrunariumError, match="are for another model"):
        load(name, weights=str(path)).apply(model)
    with pytest.raises(PrunariumError, match=r"no such learned parts .* or 'random' to train them"):
        load(name, weights="nothing").apply(model)


@pytest.mark.parametrize("name", METHODS)
@torch.inference_mode()
def test_a_fitted_method_is_turned_with_its_parts(name):
    model = make_llava()
    method = load(name, weights="random")
    shape = shape_of(method, model)
    method = method.fit(shape)
    prompt, counts = one_of(prompt_for(model), 0), []
    for amount in (0.05, 0.3, 0.6, 0.9, 1.0):
        with method.knob(amount, shape).apply(model) as handle:
            assert handle.learned is method.learned
            model(**prompt)
            counts.append(handle.report().budget)
    assert counts == sorted(counts)
    assert counts[0] < 0.3 and counts[-1] == 1


@pytest.mark.parametrize(("name", "budget"), [("victor", 0.1), ("voco-llama", 0.001)])
def test_budgets_out_of_reach_are_refused(name, budget):
    method, model = load(name, weights="random"), make_llava()
    shape = replace(shape_of(method, model), tokens=36)
    with pytest.raises(PrunariumError, match="cannot reach budget"):
        with_budget(method, budget, shape)


@torch.inference_mode()
def test_regions_need_every_patch():
    tower = RandomTower(36, 8, 2, torch.Generator())
    with pytest.raises(PrunariumError, match="DeCo needs all patches of a tile"):
        load("deco").encode(Tokens(torch.zeros(1, 35, 8), original=36), tower)
    model = make_llava()
    with pytest.raises(PrunariumError, match="block 9 does not exist"):
        load("tokenpacker", weights="random", layers=(1, 9)).apply(model)
    with pytest.raises(PrunariumError, match="block 9 does not exist"):
        load("victor", weights="random", layer=9).apply(model)
