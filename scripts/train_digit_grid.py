"""Train the small vision-language model that the digit-grid benchmark ships (about 40 minutes on one core).

    python scripts/train_digit_grid.py OUT.safetensors

In two stages, as LLaVA is. First the vision tower alone learns to say where which digit is: its feature layer marks the
patch in the middle of each digit with the digit's name and all others as none, so that what an image says is in few
tokens; and its cls token tells, as a CLIP tower is told by captions, which digits there are.

Then both learn to answer, the tower at a quarter of the rate. A training sequence packs 21 questions with their
answers behind one image: what each cell holds, and for each line how many digits are of some colour and which is the
largest. A question sees the image and itself, at the positions that it has alone, so the model learns exactly the
benchmark's prompt. Warm-up and gradient clipping are needed.

The file that ships was stopped after 1,900 steps of the second stage, and trained on for 1,700 from a rate of 1.1e-3.
"""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from digit_training import augmented_pool
from learning import learn
from packing import layout, packed
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
    held, colours = (part.repeat(len(kind), axis=0) for part in (grids.digits, grids.colours))
    something = (questions.cells() & (held != NOTHING)).any(axis=1)
    told = np.where(something[:, None], questions.answers(held, colours), PAD)
    prompts, answers = (torch.from_numpy(a).view(count, len(kind), -1) for a in (questions.prompts(), told))
    return prompts, answers


def answering_loss(model: Any, grids: Grids, seed: int) -> Tensor:
    """Of the words of all answers about each image."""
    prompts, answers = all_questions(grids, seed)
    ids, told = packed(prompts, answers, SHARED, silent=PAD)
    position_ids, mask = layout(
        torch.arange(SHARED)[None], prompts.shape[1], (ids.shape[1] - SHARED) // prompts.shape[1]
    )
    logits = model(
        input_ids=ids,
        pixel_values=pixels(grids.images),
        position_ids=position_ids,
        attention_mask=mask.expand(len(ids), -1, -1, -1),
        use_cache=False,
    ).logits
    return cross_entropy(logits.flatten(0, 1), told.flatten(), label_smoothing=0.05, ignore_index=PAD)


def pixels(images: np.ndarray) -> Tensor:
    """uint8 ``[batch, height, width, 3]`` as the model takes them."""
    return torch.from_numpy(images).permute(0, 3, 1, 2) / 255


class Examiner(nn.Module):
    """What the tower learns by: heads on its feature layer and on its cls token, which are not part of the model."""

    def __init__(self, tower: Any) -> None:
        super().__init__()
        self.tower = tower
        self.detector = nn.Linear(tower.config.hidden_size, 11)  # ten digits, or none
        self.captioner = nn.Linear(tower.config.hidden_size, 10 * len(COLOURS))

    def forward(self, grids: Grids) -> Tensor:
        """The loss. Few patches are the middle of a digit, so what is missed and what is invented have means apart."""
        output = self.tower(pixels(grids.images), output_hidden_states=True)
        found, due = self.detector(output.hidden_states[-2][:, 1:]), marks(grids)
        there = due < 10
        missed, invented = cross_entropy(found[there], due[there]), cross_entropy(found[~there], due[~there])
        told = binary_cross_entropy_with_logits(self.captioner(output.pooler_output), caption(grids))
        return missed + 2 * invented + 2 * told


def marks(grids: Grids) -> Tensor:
    """The digit whose middle lies in each patch, 10 for none ``[batch, 144]``."""
    due = np.full((len(grids.digits), digit_grid.IMAGE_TOKENS), 10)
    image, cell = (grids.digits != NOTHING).nonzero()
    due[image, grids.middles[image, cell]] = grids.digits[image, cell]
    return torch.from_numpy(due)


def caption(grids: Grids) -> Tensor:
    """Which digits of which colour are in each image, 0 or 1 ``[batch, 30]``."""
    there = np.zeros((len(grids.digits), 10, len(COLOURS)), np.float32)
    image, cell = (grids.digits != NOTHING).nonzero()
    there[image, grids.digits[image, cell], grids.colours[image, cell]] = 1
    return torch.from_numpy(there).flatten(1)


@torch.inference_mode()
def shares_of_right(model: Any, asked: digit_grid.Asked) -> dict[str, float]:
    """By kind of question: how often every word is right, which it is if each one is right after the right ones."""
    prompts, answers = torch.from_numpy(asked.prompts), torch.from_numpy(asked.answers)
    ids, last = torch.cat([prompts, answers[:, :-1]], dim=1), answers.shape[1]
    output = model(input_ids=ids, pixel_values=pixels(asked.images), logits_to_keep=last, use_cache=False)
    right = (output.logits.argmax(-1) == answers).all(dim=1).numpy()
    return {kind: float(right[np.array(asked.kinds) == kind].mean()) for kind in KINDS}


def main(
    out: Path,
    tower_steps: Annotated[int, typer.Option(help="optimiser steps of the tower alone")] = 3000,
    steps: Annotated[int, typer.Option(help="optimiser steps of both")] = 3600,
    batch: Annotated[int, typer.Option(help="images in a step; twice as many for the tower alone")] = 16,
    rate: Annotated[float, typer.Option(help="peak learning rate")] = 2e-3,
    variants: Annotated[int, typer.Option(help="warped copies of each training digit")] = 15,
    threads: int = 1,
) -> None:
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    model = digit_grid_llava()
    pool = augmented_pool(variants, seed=1)
    test = digit_grid.generate(600, seed=1)

    def grids(step: int, count: int) -> Grids:
        return digit_grid.generate_grids(count, 10_000 + step, digit_pool=pool)

    def tell(step: int) -> None:
        if step % 250 == 0 or step == steps:
            shares = ", ".join(f"{kind} {share:.3f}" for kind, share in shares_of_right(model, test).items())
            print(f"step {step}: right {shares}", flush=True)
            save_weights(model, out)

    examiner = Examiner(model.model.vision_tower)
    examined = [(examiner, rate)]
    learn(examined, lambda step: examiner(grids(steps + step, 2 * batch)), tower_steps, lambda step: None)
    both = [(examiner.tower, rate / 4), (model.model.multi_modal_projector, rate)]
    both += [(model.model.language_model, rate), (model.lm_head, rate)]
    learn(both, lambda step: answering_loss(model, grids(step, batch), step), steps, tell)


if __name__ == "__main__":
    typer.run(main)
