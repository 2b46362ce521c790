"""``Handle.watch`` is entered around a method's own work: once in every block where the method acts."""

from contextlib import contextmanager

import pytest
import torch

from prunarium import load


def watched(model, name, parameters, run):
    """How often it was entered, and what was open when an attention ran."""
    entered, inside = [], []

    @contextmanager
    def watch():
        inside.append(True)
        yield
        entered.append(inside.pop())

    attention = torch.nn.functional.scaled_dot_product_attention
    seen = []

    def remembering(*args, **kwargs):
        seen.append(bool(inside))
        return attention(*args, **kwargs)

    torch.nn.functional.scaled_dot_product_attention = remembering
    try:
        with load(name, **parameters).apply(model) as handle, torch.inference_mode():
            handle.watch = watch
            run()
    finally:
        torch.nn.functional.scaled_dot_product_attention = attention
    assert seen and not any(seen), "the model's attention is not the method's work"
    return len(entered)


@pytest.mark.parametrize(
    "name, parameters, times", [("tome", {"r": 2}, 6), ("evit", {}, 3), ("evit", {"blocks": [2]}, 1)]
)
def test_vit(vit, images, name, parameters, times):
    assert watched(vit, name, parameters, lambda: vit(images)) == times


@pytest.mark.parametrize("name, parameters, times", [("fastv", {}, 1), ("random", {"blocks": [1, 3]}, 2)])
def test_vlm(llava, prompt, name, parameters, times):
    assert watched(llava, name, parameters, lambda: llava(**prompt)) == times
