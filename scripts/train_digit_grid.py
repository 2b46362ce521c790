"""Train the small vision-language model that the digit-grid benchmark ships (more than an hour on one core).

    python scripts/train_digit_grid.py OUT.safetensors

In three stages. First the vision tower alone learns to say where which digit is: its feature layer marks the patch in
the middle of each digit with the digit's name and all others as none, so that what an image says is in few tokens, and
each patch with its cell; and its cls token tells, as a CLIP tower is told by captions, which digits there are, and
learns to look at them.

Then both learn to answer, the tower at a quarter of the rate. A training sequence packs 21 questions with their
answers behind one image: what each cell holds, and for each line how many digits are of some colour and which is the
largest. A question sees the image and itself, at the positions that it has alone, so the model learns exactly the
benchmark's prompt. Warm-up and gradient clipping are needed.

Last they learn to answer from a part of the image tokens, at the positions that these had or counted anew: methods do
either, and a model that has only ever seen all 144 in their places cannot read what they leave.

The file that ships was not made in one run. Its tower had learned no places when the second stage began (3,600 steps);
2,250 steps of the last stage showed that it must; 350 of the first stage taught it; 3,000 of the last with the tower
held still and 6,700 with both learning followed, each part of them with a rate that fell to zero.
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
from prunarium.families.vlm.tower import HuggingFaceTower

SHARED = 1 + digit_grid.IMAGE_TOKENS  # bos and the image
LOOKED_AT = 0.3  # share of the cls token's attention


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


def answering_loss(model: Any, grids: Grids, seed: int, thin: bool = False) -> Tensor:
    """Of the words of all answers about each image, or with ``thin`` about what is left of it."""
    prompts, answers = all_questions(grids, seed)
    ids, told = (both[:, SHARED:] for both in packed(prompts, answers, SHARED, silent=PAD))
    states = model.model.vision_tower(pixels(grids.images), output_hidden_states=True).hidden_states
    image = model.model.multi_modal_projector(states[model.config.vision_feature_layer][:, 1:])
    image, positions = thinned(image, grids, seed) if thin else (image, torch.arange(1 + SHARED)[None])
    logits = foretold(model, image, positions, ids, prompts.shape[1])
    return cross_entropy(logits.flatten(0, 1), told.flatten(), label_smoothing=0.05, ignore_index=PAD)


def foretold(model: Any, image: Tensor, positions: Tensor, ids: Tensor, questions: int) -> Tensor:
    """What the language model foretells behind each word of packed questions ``[batch, packed, words]``.

    Args:
        model: the whole of it.
        image: tokens ``[batch, kept, dim]``.
        positions: of bos, of them and of the word behind them ``[batch or 1, 1 + kept + 1]``.
        ids: of the questions and answers ``[batch, packed]``.
        questions: how many are packed.
    """
    language = model.model.language_model
    bos, words = (language.embed_tokens(some) for some in (torch.full((len(ids), 1), digit_grid.BOS), ids))
    position_ids, mask = layout(positions, questions, ids.shape[1] // questions)
    states = language(
        inputs_embeds=torch.cat([bos, image, words], dim=1),
        position_ids=position_ids,
        attention_mask=mask.expand(len(ids), -1, -1, -1),
        use_cache=False,
    ).last_hidden_state
    return model.lm_head(states[:, 1 + image.shape[1] :])


def thinned(image: Tensor, grids: Grids, seed: int) -> tuple[Tensor, Tensor]:
    """Drop image tokens as methods do, none of them in one batch of four.

    In two images of three, the tokens at the middle of digits go last, so that most questions can still be answered.
    In four batches of five those that stay are numbered anew, as behind a projector that never had the others: only
    that teaches a model to take the place of a token from what it holds.

    Args:
        image: tokens ``[batch, 144, dim]``.
        grids: what the images show.
        seed: of what is dropped.

    Returns:
        tokens ``[batch, kept, dim]``, and the positions of bos, of them and of the word behind them
        ``[batch, 1 + kept + 1]``.
    """
    rng = np.random.default_rng([seed, 1])
    batch, count, dim = image.shape
    kept = count if rng.random() < 1 / 4 else int(rng.integers(count // 12, count))
    order = rng.random((batch, count)) - (marks(grids).numpy() < 10) * (rng.random((batch, 1)) < 2 / 3)
    place = torch.from_numpy(np.sort(order.argsort(axis=1)[:, :kept], axis=1))
    image = image.gather(1, place[..., None].expand(-1, -1, dim))
    behind = torch.full((batch, 1), count)
    positions = torch.cat([place, behind], dim=1) if rng.random() < 0.2 else torch.arange(kept + 1).expand(batch, -1)
    return image, torch.cat([torch.zeros_like(behind), 1 + positions], dim=1)


def pixels(images: np.ndarray) -> Tensor:
    """uint8 ``[batch, height, width, 3]`` as the model takes them."""
    return torch.from_numpy(images).permute(0, 3, 1, 2) / 255


def overlooking(tower: Any, states: tuple[Tensor, ...], grids: Grids) -> Tensor:
    """How far below ``LOOKED_AT`` the cls token's attention to the middles of digits is, where features are made.

    More than that would tell methods that rank by it all they can know.
    """
    looks = HuggingFaceTower(tower, states, -2, 1).cls_attention().mean(dim=1)
    share = (looks * (marks(grids) < 10)).sum(dim=1) / looks.sum(dim=1)
    return -(share / LOOKED_AT).clamp(max=1).log().mean()


class Examiner(nn.Module):
    """What the tower learns by: heads on its feature layer and on its cls token, which are not part of the model."""

    def __init__(self, tower: Any) -> None:
        super().__init__()
        self.tower = tower
        self.detector = nn.Linear(tower.config.hidden_size, 11)  # ten digits, or none
        self.placer = nn.Linear(tower.config.hidden_size, CELLS)
        self.captioner = nn.Linear(tower.config.hidden_size, 10 * len(COLOURS))

    def forward(self, grids: Grids) -> Tensor:
        """The loss. Few patches are the middle of a digit, so what is missed and what is invented have means apart."""
        output = self.tower(pixels(grids.images), output_hidden_states=True)
        features = output.hidden_states[-2][:, 1:]
        found, due = self.detector(features), marks(grids)
        there = due < 10
        missed, invented = cross_entropy(found[there], due[there]), cross_entropy(found[~there], due[~there])
        placed = cross_entropy(self.placer(features).transpose(1, 2), cells_of_patches().expand(len(due), -1))
        told = binary_cross_entropy_with_logits(self.captioner(output.pooler_output), caption(grids))
        return missed + 2 * invented + placed + 2 * told + overlooking(self.tower, output.hidden_states, grids)


def marks(grids: Grids) -> Tensor:
    """The digit whose middle lies in each patch, 10 for none ``[batch, 144]``."""
    due = np.full((len(grids.digits), digit_grid.IMAGE_TOKENS), 10)
    image, cell = (grids.digits != NOTHING).nonzero()
    due[image, grids.middles[image, cell]] = grids.digits[image, cell]
    return torch.from_numpy(due)


def cells_of_patches() -> Tensor:
    """The cell that each patch lies in ``[144]``."""
    side = torch.arange(digit_grid.CANVAS // digit_grid.PATCH) * digit_grid.PATCH // digit_grid.CELL
    return (side[:, None] * digit_grid.GRID + side).flatten()


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
    thin_steps: Annotated[int, typer.Option(help="optimiser steps of both with fewer image tokens")] = 6000,
    batch: Annotated[int, typer.Option(help="images in a step; twice as many for the tower alone")] = 16,
    rate: Annotated[float, typer.Option(help="peak learning rate; three quarters of it in the last stage")] = 2e-3,
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

    def answering(peak: float, slower: float, first: int, many: int, thin: bool) -> None:
        def tell(step: int) -> None:
            if step % 250 == 0 or step == many:
                shares = ", ".join(f"{kind} {share:.3f}" for kind, share in shares_of_right(model, test).items())
                print(f"step {step}: right {shares}", flush=True)
                save_weights(model, out)

        language = (model.model.multi_modal_projector, model.model.language_model, model.lm_head)
        parts = [(examiner.tower, peak / slower), *((part, peak) for part in language)]
        learn(parts, lambda step: answering_loss(model, grids(first + step, batch), first + step, thin), many, tell)

    examiner = Examiner(model.model.vision_tower)
    beyond = steps + thin_steps
    learn([(examiner, rate)], lambda step: examiner(grids(beyond + step, 2 * batch)), tower_steps, lambda step: None)
    answering(rate, 4, 0, steps, thin=False)
    answering(0.75 * rate, 2, steps, thin_steps, thin=True)


if __name__ == "__main__":
    typer.run(main)
