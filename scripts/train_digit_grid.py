"""Train the small vision-language model that the digit-grid benchmark ships (about 15 minutes on one core).

    python scripts/train_digit_grid.py OUT.safetensors

A training sequence packs the nine questions after one image. A question sees the image and itself, at the positions
that it has alone: the model learns exactly the benchmark's prompt, nine answers per image. Warm-up and gradient
clipping are needed.
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from rich.progress import track

from digit_training import augmented_pool, warm_up_then_cosine
from prunarium.bench import digit_grid
from prunarium.bench.models import digit_grid_llava, save_weights


def packed_questions(prompts: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Join prompts that differ only in their question, behind one image.

    Args:
        prompts: ``[questions, tokens]``.

    Returns:
        token ids ``[1, packed]``, position ids ``[1, packed]`` and the attention mask ``[1, 1, packed, packed]``, true
        where a token is seen: the causal one, without the other questions.
    """
    shared = 1 + digit_grid.IMAGE_TOKENS
    questions, length = prompts.shape
    places = torch.arange(shared, length).repeat(questions)
    ids = torch.cat([prompts[0, :shared], prompts[:, shared:].flatten()])
    position_ids = torch.cat([torch.arange(shared), places])
    owner = torch.cat([torch.full((shared,), -1), torch.arange(questions).repeat_interleave(length - shared)])
    seen = (owner[None] == -1) | (owner[None] == owner[:, None])
    return ids[None], position_ids[None], seen.tril()[None, None]


def main(
    out: Path,
    steps: Annotated[int, typer.Option(help="optimiser steps")] = 2500,
    batch: int = 32,
    rate: Annotated[float, typer.Option(help="peak learning rate")] = 2e-3,
    variants: Annotated[int, typer.Option(help="warped copies of each training digit")] = 15,
    threads: int = 1,
) -> None:
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    model = digit_grid_llava()
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.05)
    schedule = warm_up_then_cosine(optimiser, 300, steps)
    pool = augmented_pool(variants, seed=1)
    test, prompts, answers = (torch.from_numpy(a) for a in digit_grid.generate(1000, seed=0))

    tokens, position_ids, mask = packed_questions(torch.from_numpy(digit_grid.prompts(np.arange(digit_grid.GRID**2))))
    last = tokens[0] >= digit_grid.COLUMN

    model.train()
    for step in track(range(1, steps + 1), "training"):
        images, cells = digit_grid.generate_grids(batch, 10_000 + step, digit_pool=pool)
        logits = model(
            input_ids=tokens.expand(batch, -1),
            pixel_values=torch.from_numpy(images)[:, None] / 255,
            position_ids=position_ids,
            attention_mask=mask.expand(batch, -1, -1, -1),
            use_cache=False,
        ).logits[:, last]
        loss = torch.nn.functional.cross_entropy(
            logits.flatten(0, 1), torch.from_numpy(cells).flatten(), label_smoothing=0.05
        )
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % 250 == 0 or step == steps:
            model.eval()
            with torch.inference_mode():
                output = model(input_ids=prompts, pixel_values=test[:, None] / 255, logits_to_keep=1)
            model.train()
            right = output.logits[:, -1].argmax(-1) == answers
            print(f"step {step}: loss {loss.item():.3f}, test accuracy {right.float().mean().item():.4f}", flush=True)
            save_weights(model, out)


if __name__ == "__main__":
    typer.run(main)
