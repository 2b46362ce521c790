"""Methods that keep another number of tokens of every sample: padding is seen by nobody."""

from typing import ClassVar

import pytest
import torch

from prunarium import PrunariumError, load
from prunarium.families import VitMethod, shape_of, tokens_per_block

from .conftest import HUGGING_FACE, answer_of, make_hugging_face, make_timm

MODELS = {
    "timm": make_timm,
    "timm, average pooling": lambda: make_timm(global_pool="avg"),
    "timm, attention pooling": lambda: make_timm(global_pool="map", class_token=False),
    **{kind: lambda kind=kind: make_hugging_face(kind) for kind in HUGGING_FACE},
}


class AboveAverage(VitMethod):
    """Keeps the tokens that receive more attention than the average token."""

    needs: ClassVar = frozenset({"received_attention", "full_attention"})
    adaptive: ClassVar = True

    def reduce(self, tokens, attention, block):
        score = attention.received_attention
        mean = 1 / (tokens.count if tokens.there is None else tokens.there.sum(dim=1, keepdim=True))
        return tokens.keep_where((score > 0.6 * mean)[:, tokens.prefix :])

    def acts_at(self, shape):
        return (0, 2)


def images(count=8):
    return torch.randn(count, 3, 64, 64, generator=torch.Generator().manual_seed(5))


@pytest.mark.parametrize("kind", MODELS)
@torch.inference_mode()
def test_a_sample_alone_and_in_company(kind):
    model, x = MODELS[kind](), images()
    with AboveAverage().apply(model) as handle:
        together, counts = answer_of(model(x)), handle.report().per_sample(len(x))
        homes = handle.source()
        alone, single = [], []
        for sample in x:
            alone.append(answer_of(model(sample[None])))
            single.append(handle.report().per_sample(1))
            assert handle.report().blocks[-1].real is None  # nothing to pad
    assert len(set(counts[:, -1].tolist())) > 1, "the test needs samples of different counts"
    assert torch.equal(counts, torch.cat(single))
    assert (together - torch.cat(alone)).abs().max() <= 1e-4
    assert torch.equal((homes >= 0).sum(dim=1), counts[:, -1])


@torch.inference_mode()
def test_the_report_counts_real_tokens():
    model = make_timm()
    with AboveAverage().apply(model) as handle:
        model(images())
        report = handle.report()
    assert report.budget == pytest.approx(report.per_sample(8).double().mean().item() / 17)
    assert "without padding" in str(report)
    with pytest.raises(PrunariumError, match="depends on the data; run it"):
        tokens_per_block(AboveAverage(), shape_of(AboveAverage(), model))


@torch.inference_mode()
def test_restore_puts_features_back():
    model, x = make_timm(), images()
    plain = model.forward_features(x)
    with load("tome", r=0).apply(model) as handle:
        assert torch.equal(handle.restore(model.forward_features(x)), plain)
    for method in (load("tome", r=3), load("evit", keep_rate=0.5), AboveAverage()):
        with method.apply(model) as handle:
            features = model.forward_features(x)
            whole, home = handle.restore(features, missing=-7.0), handle.source()
        assert whole.shape == plain.shape
        assert (whole[home < 0] == -7).all()
        rows, places = (home >= 0).nonzero(as_tuple=True)
        assert torch.equal(whole[rows, places], features[rows, home[rows, places]])
        with pytest.raises(PrunariumError, match="restore wants the tokens of the last forward pass"):
            handle.restore(features[:, :-1])
