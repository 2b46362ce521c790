"""Train the small vision-language model that the digit-grid benchmark ships (about an hour on one core).

    python scripts/train_digit_grid.py OUT.safetensors

A training sequence packs 21 questions with their answers behind one image: what each cell holds, and for each line how
many digits are of some colour and which is the largest. A question sees the image and itself, at the positions that it
has alone, so the model learns exactly the benchmark's prompt. The vision tower is told besides, as a CLIP tower is by
captions, which digits are in the image: that gives the attention of its cls token a meaning. Warm-up and gradient
clipping are needed.
"""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from rich.progress import track
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from digit_training import augmented_pool, warm_up_then_cosine
from prunarium.bench import digit_grid
from prunarium.bench.digit_grid import CELLS, COLOURS, KINDS, LINES, NOTHING, PAD, Grids, Questions
from prunarium.bench.models import digit_grid_llava, save_weights

SHARED = 1 + digit_grid.IMAGE_TOKENS  # bos and the image


def all_questions(grids: Grids, seed: int) -> tuple[Tensor, Tensor]:
    """All questions about each image; the colour that a line's count asks for is drawn.

    Returns:
        prompts ``[batch, questions, tokens]`` and answers ``[batch, questions, words]``; a question about nothing is
        answered with padding.
    """
    count, lines = len(grids.digits), len(LINES)
    kind = np.repeat(np.arange(len(KINDS)), (CELLS, lines, lines))
    place = np.concatenate([np.arange(CELLS), np.arange(lines), np.arange(lines)])
    colour = np.random.default_rng(seed).integers(len(COLOURS), size=count * len(kind))
    questions = Questions(np.tile(kind, count), np.tile(place, count), colour)
    each = Grids(grids.images, grids.digits.repeat(len(kind), axis=0), grids.colours.repeat(len(kind), axis=0))
    something = (questions.cells() & (each.digits != NOTHING)).any(axis=1)
    answers = np.where(something[:, None], questions.answers(each), PAD)
    prompts, answers = (torch.from_numpy(a).view(count, len(kind), -1) for a in (questions.prompts(), answers))
    return prompts, answers


def packed(prompts: Tensor, answers: Tensor) -> tuple[Tensor, Tensor]:
    """Join prompts that differ only in their question, with their answers, behind one image.

    Args:
        prompts: ``[batch, questions, tokens]``.
        answers: ``[batch, questions, words]``.

    Returns:
        token ids, and the word that each of them is to foretell, padding where none is; both ``[batch, packed]``.
    """
    batch, questions, _ = prompts.shape
    asked = prompts[..., SHARED:]
    ids = torch.cat([asked, answers[..., :-1]], dim=-1).flatten(1)  # nothing follows the last word
    silent = answers.new_full((batch, questions, asked.shape[-1] - 1), PAD)
    told = torch.cat([silent, answers], dim=-1).flatten(1)
    beside = answers.new_full((batch, SHARED), PAD)
    return torch.cat([prompts[:, 0, :SHARED], ids], dim=1), torch.cat([beside, told], dim=1)


def layout(questions: int, length: int) -> tuple[Tensor, Tensor]:
    """Where packed questions of ``length`` tokens are, and what they see.

    Returns:
        position ids ``[1, packed]`` and the attention mask ``[1, 1, packed, packed]``, true where a token is seen: the
        causal one, without the other questions.
    """
    position_ids = torch.cat([torch.arange(SHARED), torch.arange(SHARED, SHARED + length).repeat(questions)])
    owner = torch.cat([torch.full((SHARED,), -1), torch.arange(questions).repeat_interleave(length)])
    seen = (owner[None] == -1) | (owner[None] == owner[:, None])
    return position_ids[None], seen.tril()[None, None]


def caption(grids: Grids) -> Tensor:
    """Which digits of which colour are in each image, 0 or 1 ``[batch, 30]``."""
    there = np.zeros((len(grids.digits), 10, len(COLOURS)), np.float32)
    image, cell = (grids.digits != NOTHING).nonzero()
    there[image, grids.digits[image, cell], grids.colours[image, cell]] = 1
    return torch.from_numpy(there).flatten(1)


def pixels(images: np.ndarray) -> Tensor:
    """uint8 ``[batch, height, width, 3]`` as the model takes them."""
    return torch.from_numpy(images).permute(0, 3, 1, 2) / 255


class Learner(nn.Module):
    """The model, and beside it what it needs only to learn."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
        self.captioner = nn.Linear(model.config.vision_config.hidden_size, 10 * len(COLOURS))
        model.model.vision_tower.register_forward_hook(self._keep_cls)

    def _keep_cls(self, module: nn.Module, args: Any, output: Any) -> None:
        self.cls = output.pooler_output

    def forward(self, grids: Grids, seed: int) -> Tensor:
        """The loss."""
        prompts, answers = all_questions(grids, seed)
        ids, told = packed(prompts, answers)
        position_ids, mask = layout(prompts.shape[1], (ids.shape[1] - SHARED) // prompts.shape[1])
        logits = self.model(
            input_ids=ids,
            pixel_values=pixels(grids.images),
            position_ids=position_ids,
            attention_mask=mask.expand(len(ids), -1, -1, -1),
            use_cache=False,
        ).logits
        words = cross_entropy(logits.flatten(0, 1), told.flatten(), label_smoothing=0.05, ignore_index=PAD)
        return words + binary_cross_entropy_with_logits(self.captioner(self.cls), caption(grids))


@torch.inference_mode()
def shares_of_right(model: Any, asked: digit_grid.Asked) -> dict[str, float]:
    """By kind of question: how often every word is right, which it is if each one is right after the right ones."""
    prompts, answers = torch.from_numpy(asked.prompts), torch.from_numpy(asked.answers)
    ids = torch.cat([prompts, answers[:, :-1]], dim=1)
    last = answers.shape[1]
    output = model(input_ids=ids, pixel_values=pixels(asked.images), logits_to_keep=last, use_cache=False)
    right = (output.logits.argmax(-1) == answers).all(dim=1)
    return {kind: float(right[torch.tensor([one == kind for one in asked.kinds])].float().mean()) for kind in KINDS}


def main(
    out: Path,
    steps: Annotated[int, typer.Option(help="optimiser steps")] = 3000,
    batch: int = 32,
    rate: Annotated[float, typer.Option(help="peak learning rate")] = 2e-3,
    variants: Annotated[int, typer.Option(help="warped copies of each training digit")] = 15,
    threads: int = 1,
) -> None:
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    learner = Learner(digit_grid_llava())
    optimiser = torch.optim.AdamW(learner.parameters(), lr=rate, weight_decay=0.05, fused=True)
    schedule = warm_up_then_cosine(optimiser, 300, steps)
    pool = augmented_pool(variants, seed=1)
    test = digit_grid.generate(600, seed=1)

    for step in track(range(1, steps + 1), "training"):
        loss = learner.train()(digit_grid.generate_grids(batch, 10_000 + step, digit_pool=pool), step)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(learner.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % 250 == 0 or step == steps:
            shares = shares_of_right(learner.eval().model, test)
            told = ", ".join(f"{kind} {share:.3f}" for kind, share in shares.items())
            print(f"step {step}: loss {loss.item():.3f}, right: {told}", flush=True)
            save_weights(learner.model, out)


if __name__ == "__main__":
    typer.run(main)
