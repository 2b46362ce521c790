"""Train the small vision-language model that the digit-grid benchmark ships (about an hour on one core).

    python scripts/train_digit_grid.py OUT.safetensors

In three stages. First the vision tower alone learns to say where which digit is: its feature layer marks the
patch in the middle of each digit with the digit's name and all others as none, so that what an image says is in few
tokens; and its cls token tells, as a CLIP tower is told by captions, which digits there are.

Then both learn to answer, the tower at a quarter of the rate. A training sequence packs 21 questions with their
answers behind one image: what each cell holds, and for each line how many digits are of some colour and which is the
largest. A question sees the image and itself, at the positions that it has alone, so the model learns exactly the
benchmark's prompt. Warm-up and gradient clipping are needed.

Last, with the tower as it is, the language model learns to answer from a part of the image tokens, at the positions
that they had or counted anew: methods do either, and a model that has only ever seen all 144 in their places cannot
read what they leave.

The file that ships was made with stops: 1,900 steps of the second stage, 1,700 more from a rate of 1.1e-3, and 3,000 of
the last.
"""

from collections.abc import Callable, Sequence
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
from prunarium.families.vlm.tower import HuggingFaceTower


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


def packed(prompts: Tensor, answers: Tensor) -> tuple[Tensor, Tensor]:
    """Questions about one image with their answers, one after another.

    Args:
        prompts: that differ only in their question ``[batch, questions, tokens]``.
        answers: ``[batch, questions, words]``.

    Returns:
        token ids, and the word that each of them is to foretell, padding where none is; both ``[batch, packed]``.
    """
    asked = prompts[..., 1 + digit_grid.IMAGE_TOKENS :]
    ids = torch.cat([asked, answers[..., :-1]], dim=-1)  # nothing follows the last word
    silent = answers.new_full((*asked.shape[:-1], asked.shape[-1] - 1), PAD)
    return ids.flatten(1), torch.cat([silent, answers], dim=-1).flatten(1)


def seen(shared: int, questions: int, length: int) -> Tensor:
    """What each token sees ``[1, 1, tokens, tokens]``: those before it, but for the other questions.

    Args:
        shared: tokens before the questions.
        questions: how many there are.
        length: tokens of each.
    """
    owner = torch.cat([torch.full((shared,), -1), torch.arange(questions).repeat_interleave(length)])
    return ((owner[None] == -1) | (owner[None] == owner[:, None])).tril()[None, None]


def answering_loss(model: Any, grids: Grids, seed: int, thin: bool = False) -> Tensor:
    """Of the words of all answers about each image, or with ``thin`` about what is left of it."""
    prompts, answers = all_questions(grids, seed)
    ids, told = packed(prompts, answers)
    states = model.model.vision_tower(pixels(grids.images), output_hidden_states=True).hidden_states
    image = model.model.multi_modal_projector(states[model.config.vision_feature_layer][:, 1:])
    image, positions = thinned(image, grids, seed) if thin else (image, torch.arange(1, image.shape[1] + 2)[None])
    logits = answering(model, image, positions, ids, prompts.shape[1])
    wrong = cross_entropy(logits.flatten(0, 1), told.flatten(), label_smoothing=0.05, ignore_index=PAD)
    return wrong + 0.1 * overlooking(model.model.vision_tower, states, grids)


def overlooking(tower: Any, states: Sequence[Tensor], grids: Grids) -> Tensor:
    """How little of the cls token's attention goes to the middles of digits, in the layer that makes the features."""
    looks = HuggingFaceTower(tower, states, -2, 1).cls_attention().mean(dim=1)
    return -((looks * (marks(grids) < 10)).sum(dim=1) / looks.sum(dim=1)).log().mean()


def answering(model: Any, image: Tensor, positions: Tensor, ids: Tensor, questions: int) -> Tensor:
    """What the language model foretells behind each word of packed questions ``[batch, packed, words]``.

    Args:
        model: the whole of it.
        image: tokens ``[batch, kept, dim]``.
        positions: of them and of the first word behind them ``[batch or 1, kept + 1]``.
        ids: of the questions and answers ``[batch, packed]``.
        questions: how many are packed.
    """
    language, shared, length = model.model.language_model, 1 + image.shape[1], ids.shape[1] // questions
    bos, words = (language.embed_tokens(some) for some in (torch.full((len(ids), 1), digit_grid.BOS), ids))
    behind = (positions[:, -1:] + torch.arange(length)).repeat(1, questions)
    states = language(
        inputs_embeds=torch.cat([bos, image, words], dim=1),
        position_ids=torch.cat([torch.zeros_like(positions[:, :1]), positions[:, :-1], behind], dim=1),
        attention_mask=seen(shared, questions, length).expand(len(ids), -1, -1, -1),
        use_cache=False,
    ).last_hidden_state
    return model.lm_head(states[:, shared:])


def thinned(image: Tensor, grids: Grids, seed: int) -> tuple[Tensor, Tensor]:
    """Drop image tokens as methods do, none of them in one batch of three.

    In two images of three, the tokens at the middle of digits go last, so that most questions can still be answered.
    In every other batch those that stay are numbered anew, as behind a projector that never had the others.

    Args:
        image: tokens ``[batch, 144, dim]``.
        grids: what the images show.
        seed: of what is dropped.

    Returns:
        tokens ``[batch, kept, dim]``, and the positions of them and of the word behind them ``[batch, kept + 1]``.
    """
    rng = np.random.default_rng([seed, 1])
    batch, count, dim = image.shape
    kept = count if rng.random() < 1 / 3 else int(rng.integers(count // 12, count))
    order = rng.random((batch, count)) - (marks(grids).numpy() < 10) * (rng.random((batch, 1)) < 2 / 3)
    place = torch.from_numpy(np.sort(order.argsort(axis=1)[:, :kept], axis=1))
    image = image.gather(1, place[..., None].expand(-1, -1, dim))
    behind = torch.full((batch, 1), count)
    positions = torch.cat([place, behind], dim=1) if rng.random() < 0.5 else torch.arange(kept + 1).expand(batch, -1)
    return image, 1 + positions


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
        return missed + 2 * invented + 2 * told + 0.1 * overlooking(self.tower, output.hidden_states, grids)


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


def learn(
    parts: Sequence[tuple[nn.Module, float]], loss_of: Callable[[int], Tensor], steps: int, told: Callable[[int], None]
) -> None:
    """Minimise ``loss_of`` the step, each part at its peak rate; ``told`` of each step done."""
    groups: list[dict[str, Any]] = [{"params": list(part.parameters()), "lr": rate} for part, rate in parts]
    parameters = [parameter for group in groups for parameter in group["params"]]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.05, fused=True)
    schedule = warm_up_then_cosine(optimiser, 200, steps)
    for step in track(range(1, steps + 1), "training"):
        optimiser.zero_grad()
        loss_of(step).backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        schedule.step()
        told(step)


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
    thin_steps: Annotated[int, typer.Option(help="optimiser steps with fewer image tokens")] = 3000,
    batch: Annotated[int, typer.Option(help="images in a step; twice as many for the tower alone")] = 16,
    rate: Annotated[float, typer.Option(help="peak learning rate; half of it in the last stage")] = 2e-3,
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
        if step % 250 == 0:
            shares = ", ".join(f"{kind} {share:.3f}" for kind, share in shares_of_right(model, test).items())
            print(f"step {step}: right {shares}", flush=True)
            save_weights(model, out)

    def answering(thin: bool, first: int) -> Callable[[int], Tensor]:
        return lambda step: answering_loss(model, grids(first + step, batch), first + step, thin)

    examiner = Examiner(model.model.vision_tower)
    language = (model.model.multi_modal_projector, model.model.language_model, model.lm_head)
    beyond = steps + thin_steps
    learn([(examiner, rate)], lambda step: examiner(grids(beyond + step, 2 * batch)), tower_steps, lambda step: None)
    learn([(examiner.tower, rate / 4), *((part, rate) for part in language)], answering(False, 0), steps, tell)
    examiner.tower.requires_grad_(False)
    learn([(part, rate / 2) for part in language], answering(True, steps), thin_steps, tell)
    save_weights(model, out)


if __name__ == "__main__":
    typer.run(main)
