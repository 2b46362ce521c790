"""Find DiffRate's two schedules for the small ViT of cluttered-digits, at a share of its multiply-accumulates.

    python scripts/search_diffrate.py OUT.json --target 0.65

The model stays as it is; what is learned is, for every block, how likely each number of tokens is to be left by pruning
and by merging (about 3 minutes on one core). Chen et al., ICCV 2023 (arXiv 2305.17997), section 3.3.
``load("diffrate", **json.load(open("OUT.json")))`` is the method found.
"""

import json
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from rich.progress import track
from torch import Tensor, nn

from learning import warm_up_then_cosine
from prunarium import load
from prunarium.bench import cluttered_digits, digits
from prunarium.bench.models import WEIGHTS, cluttered_digits_vit, load_weights
from prunarium.errors import PrunariumError

Counts = list[tuple[int, int]]
"""Patches left by pruning and by merging, block by block."""


class Rates(nn.Module):
    """How likely each number of patches, 1 to all, is to be left ``[blocks, 2 (pruning, merging), patches]``.

    The likeliest ones to begin with lose the same share at every step, and leave a share ``last`` in the end: a step
    that would leave more than the one before it loses nothing, and has no gradient to learn from.
    """

    def __init__(self, depth: int, patches: int, last: float = 0.5) -> None:
        super().__init__()
        middle = patches * last ** (torch.arange(1.0, 2 * depth + 1) / (2 * depth))
        far = (torch.arange(1.0, patches + 1) - middle.view(depth, 2, 1)) / (patches / 8)
        self.scores = nn.Parameter(-far.square() / 2)

    def counts(self) -> Tensor:
        """Patches left ``[blocks, 2]``: whole numbers, whose gradient is that of the expected number."""
        expected = self.scores.softmax(dim=-1) @ torch.arange(1.0, self.scores.shape[-1] + 1)
        return expected + (expected.ceil() - expected).detach()

    def stay(self) -> Tensor:
        """Whether the token of each rank stays ``[blocks, 2, patches]``: 0 or 1, with the gradient of how likely."""
        likely = self.scores.softmax(dim=-1).flip(-1).cumsum(dim=-1).flip(-1)
        ranks = torch.arange(self.scores.shape[-1])
        return likely + ((ranks < self.counts().unsqueeze(-1)).float() - likely).detach()


def left(counts: Tensor) -> Tensor:
    """The same counts, none above that of the step before ``[blocks, 2]``."""
    return counts.flatten().cummin(dim=0).values.view_as(counts)


def multiply_accumulates(model: Any, counts: Tensor) -> Tensor:
    """Of all blocks, one image, where so many patches are left ``[blocks, 2]``."""
    prefix, total = model.num_prefix_tokens, torch.zeros(())
    entering = torch.tensor(float(model.patch_embed.num_patches + prefix))
    for block, leaving in zip(model.blocks, left(counts)[:, 1] + prefix, strict=True):
        attention, mlp = (_weights(part) for part in (block.attn, block.mlp))
        width = block.attn.num_heads * block.attn.head_dim
        total = total + entering * attention + 2 * entering * entering * width + leaving * mlp
        entering = leaving
    return total


def _weights(module: nn.Module) -> int:
    return sum(part.weight.numel() for part in module.modules() if isinstance(part, nn.Linear))


def compressed(model: Any, images: Tensor, stay: Tensor) -> Tensor:
    """Logits ``[batch, classes]`` of the model under DiffRate, computed with all tokens and masks in their place."""
    prefix = model.num_prefix_tokens
    x = model.norm_pre(model._pos_embed(model.patch_embed(images)))
    there, size = torch.ones(x.shape[:2]), torch.ones(x.shape[:2])
    for block, (by_pruning, by_merging) in zip(model.blocks, stay, strict=True):
        attended, cls_attention = _attend(block.attn, block.norm1(x), there * size)
        x = x + block.ls1(attended)
        score = cls_attention[:, prefix:].masked_fill(there[:, prefix:] == 0, -1)
        rank = score.argsort(dim=1, descending=True).argsort(dim=1)
        there = there * _with_prefix(by_pruning[rank], prefix)
        x, size = _merge(x, size, there, _with_prefix(by_merging[rank], prefix), prefix)
        there = there * _with_prefix(by_merging[rank], prefix)
        x = x + block.ls2(block.mlp(block.norm2(x)))
    return model.head(model.fc_norm(model.norm(x)[:, 0]))


def _attend(attn: Any, x: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Attention in which each key counts by its weight, and the cls token's, mean over heads ``[batch, tokens]``."""
    q, k, v = attn.qkv(x).unflatten(-1, (3, attn.num_heads, attn.head_dim)).permute(2, 0, 3, 1, 4)
    logits = attn.q_norm(q) @ attn.k_norm(k).transpose(-2, -1) * attn.scale
    rows = (logits - logits.amax(dim=-1, keepdim=True).detach()).exp() * weight[:, None, None, :]
    rows = rows / rows.sum(dim=-1, keepdim=True)
    return attn.proj(attn.norm((rows @ v).transpose(1, 2).flatten(2))), rows[:, :, 0].mean(dim=1)


def _merge(x: Tensor, size: Tensor, there: Tensor, stay: Tensor, prefix: int) -> tuple[Tensor, Tensor]:
    """Every token that is there and does not stay goes into the most similar one that stays."""
    unit = nn.functional.normalize(x.detach(), dim=-1)
    receives = (there * stay).detach()
    receives[:, :prefix] = 0
    # one that stays looks for another than itself: its gradient is that of merging it
    hidden = (receives[:, None, :] == 0) | torch.eye(x.shape[1], dtype=torch.bool)
    similarity, into = (unit @ unit.transpose(1, 2)).masked_fill(hidden, -2).max(dim=-1)
    given = there * (1 - stay)
    share = torch.zeros(x.shape[0], x.shape[1], x.shape[1]).scatter(1, into.unsqueeze(1), given.unsqueeze(1))
    x = (x + share @ x) / (1 + share.sum(dim=-1, keepdim=True))
    return x, size + (share @ (size * similarity.clamp(min=0)).unsqueeze(-1)).squeeze(-1)


def _with_prefix(patches: Tensor, prefix: int) -> Tensor:
    return nn.functional.pad(patches, (prefix, 0), value=1.0)


def settled(model: Any, counts: Tensor, budget: float) -> Counts:
    """The counts, all raised or lowered by one number, so that they cost as much as the budget allows."""
    patches = model.patch_embed.num_patches
    for shift in range(patches, -patches - 1, -1):
        found = left((counts + shift).clamp(1, patches))
        if float(multiply_accumulates(model, found)) <= budget:
            return [(int(pruning), int(merging)) for pruning, merging in found]
    raise PrunariumError("even one patch in every block costs more than the target; set --target higher")


def parameters(counts: Counts, prefix: int) -> dict[str, list[int]]:
    """As DiffRate takes them, prefix included."""
    pruning, merging = zip(*counts, strict=True)
    return {"after_pruning": [one + prefix for one in pruning], "after_merging": [one + prefix for one in merging]}


def search(model: Any, target: float, steps: int, batch: int, rate: float, weight: float) -> Counts:
    """The schedules that a search of so many steps ends with."""
    patches = model.patch_embed.num_patches
    whole = float(multiply_accumulates(model, torch.full((len(model.blocks), 2), float(patches))))
    rates = Rates(len(model.blocks), patches, last=target**2)
    optimiser = torch.optim.Adam(rates.parameters(), lr=rate)
    schedule = warm_up_then_cosine(optimiser, max(1, steps // 20), steps)
    pool = digits.pool(train=True)
    for step in track(range(steps), "searching"):
        made = cluttered_digits.generate(batch, 50_000 + step, digit_pool=pool)
        logits = compressed(model, torch.from_numpy(made.images)[:, None] / 255, rates.stay())
        share = multiply_accumulates(model, rates.counts()) / whole
        loss = nn.functional.cross_entropy(logits, torch.from_numpy(made.labels)) + weight * (share / target - 1) ** 2
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if (step + 1) % 100 == 0:
            print(f"step {step + 1}: loss {loss.item():.3f}, share {share.item():.3f}", flush=True)
    return settled(model, rates.counts().detach(), target * whole)


@torch.inference_mode()
def accuracy(model: Any, found: dict[str, list[int]]) -> float:
    """On 2000 images of test digits that the search has not seen."""
    made = cluttered_digits.generate(2000, seed=7)
    with load("diffrate", **found).apply(model):
        answers = model(torch.from_numpy(made.images)[:, None] / 255).argmax(-1)
    return float((answers == torch.from_numpy(made.labels)).float().mean())


def main(
    out: Path,
    target: Annotated[float, typer.Option(min=0.05, max=1, help="share of the blocks' multiply-accumulates")] = 0.65,
    steps: Annotated[int, typer.Option(min=1)] = 400,
    batch: Annotated[int, typer.Option(min=1)] = 32,
    rate: Annotated[float, typer.Option(help="peak learning rate")] = 0.05,
    weight: Annotated[float, typer.Option(help="of the cost, against the loss")] = 10.0,
    threads: int = 1,
) -> None:
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    model: Any = load_weights(cluttered_digits_vit(), WEIGHTS / "cluttered-digits.safetensors").requires_grad_(False)
    found = parameters(search(model, target, steps, batch, rate, weight), model.num_prefix_tokens)
    print(f"test accuracy {accuracy(model, found):.4f} with {found}")
    out.write_text(json.dumps(found) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
