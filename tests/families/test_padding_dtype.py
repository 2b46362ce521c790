"""Padding is masked in double precision too."""

import torch

from .conftest import make_timm
from .test_adaptive import AboveAverage, images


@torch.inference_mode()
def test_double_precision_agrees_with_single():
    model, x = make_timm(), images()
    answers = []
    for dtype in (torch.float32, torch.float64):
        with AboveAverage().apply(model.to(dtype)) as handle:
            answers.append(model(x.to(dtype)).double())
            assert handle.report().blocks[0].real is not None
    assert (answers[0] - answers[1]).abs().max() <= 1e-4
