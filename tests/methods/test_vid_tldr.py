"""vid-TLDR on images."""

import pytest
import torch

from prunarium import PrunariumError, load

from ..families.conftest import make_timm


@torch.inference_mode()
def test_with_and_without_cls_token():
    x = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    for model, first in ((make_timm(), 17), (make_timm(class_token=False, global_pool="avg"), 16)):
        with load("vid-tldr", r=[6, 99]).apply(model) as handle:
            assert model(x).isfinite().all()
            size = model.blocks[0].forward.__self__.passage.size
        after = first - 6
        assert handle.report().tokens_out == [after, (after + 1) // 2, (after + 1) // 2, (after + 1) // 2]
        assert (size >= 1).all()
        assert (size.sum(dim=1) < first).all()  # members that are not salient add nothing


def test_a_schedule_longer_than_the_model():
    with pytest.raises(PrunariumError, match="r lists 5 blocks, the model has 4"):
        load("vid-tldr", r=[1] * 5).apply(make_timm())
