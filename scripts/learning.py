"""What training scripts share: the learning rate, and the steps."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from rich.progress import track
from torch import Tensor, nn


def warm_up_then_cosine(
    optimiser: torch.optim.Optimizer, warm_up: int, steps: int
) -> torch.optim.lr_scheduler.LRScheduler:
    """The learning rate rises for ``warm_up`` steps, then falls to zero along a cosine."""

    def share(step: int) -> float:
        return min(step / warm_up, 0.5 * (1 + math.cos(math.pi * max(step - warm_up, 0) / max(steps - warm_up, 1))))

    return torch.optim.lr_scheduler.LambdaLR(optimiser, share)


def learn(
    parts: Sequence[tuple[nn.Module, float]],
    loss_of: Callable[[int], Tensor],
    steps: int,
    told: Callable[[int], None],
    warm_up: int = 200,
) -> None:
    """Minimise ``loss_of`` the step, each part at its peak rate; ``told`` of each step done."""
    groups: list[dict[str, Any]] = [{"params": list(part.parameters()), "lr": rate} for part, rate in parts]
    parameters = [parameter for group in groups for parameter in group["params"]]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.05, fused=True)
    schedule = warm_up_then_cosine(optimiser, warm_up, steps)
    for step in track(range(1, steps + 1), "training"):
        optimiser.zero_grad()
        loss_of(step).backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        schedule.step()
        told(step)
