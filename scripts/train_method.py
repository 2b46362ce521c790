"""Fine-tune a method on an embedded benchmark: its learned parts and, with --backbone, the model too (some minutes).

    python scripts/train_method.py dynamicvit
    python scripts/train_method.py evit --backbone --param keep_rate=0.5
    python scripts/train_method.py deco --backbone --only multi_modal_projector

Methods of the vit family learn on cluttered-digits, those of the encoder family on storyworld-encoder, those of the vlm
family on digit-grid, all words of an answer at once, and those of the decoder family on storyworld-decoder: each story
is read without a question, and then asked eight. The loss is cross-entropy, distillation from the untouched model, and
the method's own, which holds it to its budget. A method whose counts do not depend on the data is turned to another
amount in every step, so that one file serves every budget. Written to the method's folder in half precision:
``weights/BENCHMARK.safetensors`` holds parts for the model as it is; with --backbone,
``weights/BENCHMARK-trained.safetensors`` holds parts and what was trained of the model with them: the whole ViT,
BERT or decoder, of a vision-language model the projector, or what --only says. --start goes on from such a file, for a
training in stages.

The files that come with the methods of the vit family were made with ``--batch 32 --variants 2`` and

    dynamicvit    --steps 600                 tps      --steps 600
    patchmerger   --steps 2200 --rate 1e-2 --variants 3
    sit           --steps 1500 --rate 5e-3    sinkhorn --steps 500 --rate 1e-2
    as-vit        --steps 250 --rate 1e-2     ltmp     --steps 100 --rate 1e-2

and, with --backbone,

    dynamicvit    --steps 500                 tps      --steps 500
    patchmerger   --steps 900 --rate 5e-3     sit      --steps 900 --rate 5e-3
    sinkhorn      --steps 700 --rate 5e-3     as-vit   --steps 300        ltmp     --steps 300
    a-vit         --steps 700 --rate 5e-3 --param gate_center=10 --param ponder_weight=0.02

Those of the encoder family were made with ``--batch 32`` and

    ltp           --steps 120 --rate 3e-4 --param regularisation=0.2
    power-bert    --steps 160 --rate 1e-2 --param learn=true
    transkimmer   --steps 310 --rate 2e-3
    adapler       --steps 200 --rate 3e-3
    tr-bert       --steps 110 --rate 3e-3 --param imitated=0.6 --out FIRST
    tr-bert       --steps 100 --rate 3e-4 --start FIRST

Those of the vlm family were made with ``--batch 16 --variants 1 --lowest 0.03 --highest 0.6 --steps 300`` and

    tokenpacker   --rate 4e-3    honeybee      --rate 4e-3
    victor        --rate 2e-2    voco-llama    --rate 2e-2

and, with --backbone,

    deco          --steps 600 --rate 4e-3 --highest 0.95 --only multi_modal_projector
                  --only 'language_model*q_proj' --only 'language_model*k_proj'
    voco-llama    --steps 500 --rate 1e-2 --only language_model    (V)
    voco-llama    --steps 1300 --rate 1e-2 --only language_model --highest 0.3 --start V

Those of the decoder family were made with ``--backbone --variants 0 --check 32 --param question=1``, before the decoder
of storyworld had learned all that it knows now:

    gist               --words 64 --batch 16 --steps 700 --rate 1e-2 --lowest 0.1 --highest 0.6      (A)
    gist               --start A --batch 8 --steps 800 --rate 7e-3 --lowest 0.05 --highest 0.5       (B)
    gist               --start B --batch 8 --steps 200 --rate 7e-3 --lowest 0.05 --highest 0.5
    autocompressors    --start B --batch 10 --steps 420 --rate 1e-2 --lowest 0.1 --highest 0.6       (C)
    autocompressors    --start C --batch 8 --steps 180 --rate 6e-3 --lowest 0.05 --highest 0.5

and, with ``--backbone --variants 0 --check 32``,

    mixture-of-depths      --words 64 --batch 16 --steps 700 --rate 5e-3 --lowest 0.1 --highest 0.9       (D)
    mixture-of-depths      --start D --batch 8 --steps 300 --rate 3e-3 --lowest 0.05 --highest 0.9
    dynamic-context-pruning    --words 64 --batch 16 --steps 500 --rate 1e-2 --param alpha=1.5

Not made yet: Selective Attention, which 1,000 steps like those of Mixture-of-Depths leave at one answer of six.

A model with image tokens at other places needs other queries and keys. With them, Victor and VoCo-LLaMA make files as
small; TokenPacker and Honeybee have room for ``--only 'language_model*q_proj'``.
"""

import fnmatch
import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from rich.progress import track
from safetensors.torch import save_file
from torch import Tensor, nn

from learning import warm_up_then_cosine
from prunarium import load, registry
from prunarium.bench.samples import Inputs
from prunarium.cli.values import parse_setting
from prunarium.errors import PrunariumError
from prunarium.families import LearnedMethod, TokenMethod, shape_of
from prunarium.families.backbone import lend, read_backbone
from saliency import saliency
from training_tasks import TASKS, Batch, Task


def untrained(name: str, parameters: dict[str, Any], start: Path | None = None) -> TokenMethod:
    """The method, its learned parts as they are before any training, or those of a file."""
    if issubclass(registry.load_class(name), LearnedMethod):
        parameters = {"weights": "random" if start is None else str(start), **parameters}
    method = load(name, **parameters)
    if not method.trains:
        raise PrunariumError(f"{name} has no rule for training")
    return method


def distillation(logits: Tensor, teacher: Tensor) -> Tensor:
    """Divergence of the answers from the untouched model's, both ``[answers, classes]``."""
    ours, theirs = logits.log_softmax(dim=-1), teacher.log_softmax(dim=-1)
    return nn.functional.kl_div(ours, theirs, reduction="batchmean", log_target=True)


def weights_of(model: nn.Module, only: Sequence[str]) -> list[str]:
    """Names of the model's parameters and buffers that contain one of some words, in which ``*`` stands for anything.

    Raises:
        PrunariumError: one of the words is in none of the names.
    """
    names = list(model.state_dict())
    found = {word: fnmatch.filter(names, f"*{word}*") for word in only}
    unknown = next((word for word in only if not found[word]), None)
    if unknown is not None:
        raise PrunariumError(f"no weight of the model has '{unknown}' in its name; such a name is {names[0]}")
    return [name for name in names if any(name in some for some in found.values())]


def fine_tune(
    method: TokenMethod,
    model: nn.Module,
    task: Task,
    batches: Callable[[int], Batch],
    *,
    steps: int,
    rate: float,
    backbone: Collection[str],
    amounts: tuple[float, float],
) -> TokenMethod:
    """Train the method's learned parts, and some weights of the model, in place.

    Args:
        method: the method, not fitted yet.
        model: the benchmark's.
        task: what is asked.
        batches: inputs and labels of a step.
        steps: optimiser steps.
        rate: peak learning rate.
        backbone: weights of the model that learn too, at a tenth of the rate.
        amounts: lowest and highest amount of tokens that the method is turned to, unless it is adaptive.

    Returns:
        the method, fitted to the model, with its learned parts.
    """
    shape = shape_of(method, model)
    method = method.fit(shape)
    teacher = task.benchmark.model().requires_grad_(False)
    groups = parameter_groups(method, model, backbone, rate)
    model.train()
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01)
    schedule = warm_up_then_cosine(optimiser, max(1, steps // 20), steps)
    draw = np.random.default_rng(0)
    for step in track(range(1, steps + 1), "training"):
        inputs, labels = batches(step)
        turned = method if method.adaptive else method.knob(draw.uniform(*amounts), shape)
        with torch.no_grad():
            wanted = task.logits(teacher, inputs, labels).flatten(0, -2)
        with turned.apply(model) as handle:
            logits = task.logits(model, inputs, labels).flatten(0, -2)
            missed = nn.functional.cross_entropy(logits, labels.flatten(), reduction="none")
            taught = lessons(method, missed.detach(), task, teacher, inputs, labels)
            own = turned.loss({**handle.memory, **taught})
        loss = missed.mean() + distillation(logits, wanted)
        loss = loss if own is None else loss + own
        optimiser.zero_grad()
        loss.backward()
        for group in groups:
            nn.utils.clip_grad_norm_(group["params"], 1.0)
        optimiser.step()
        schedule.step()
        if step % 100 == 0:
            print(f"step {step}: loss {loss.item():.3f}, own {0.0 if own is None else own.item():.4f}", flush=True)
    model.eval()
    return method


def lessons(
    method: TokenMethod, missed: Tensor, task: Task, teacher: nn.Module, inputs: Inputs, labels: Tensor
) -> dict[str, Tensor]:
    """What a method ``learns_from``; ``missed`` is the loss of each answer, one or several of a sample."""
    offered = {
        "answer_losses": lambda: missed.view(len(labels), -1).mean(dim=1),
        "saliency": lambda: saliency(teacher, lambda: task.logits(teacher, inputs, labels), labels),
    }
    return {name: offered[name]() for name in method.learns_from}


def parameter_groups(
    method: TokenMethod, model: nn.Module, backbone: Collection[str], rate: float
) -> list[dict[str, Any]]:
    """What learns, for an optimiser; the rest of the model is frozen."""
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name in backbone)
    parts = list(method.learned.parameters()) if isinstance(method, LearnedMethod) else []
    groups: list[dict[str, Any]] = [
        {"params": parts, "lr": rate},
        {"params": [parameter for parameter in model.parameters() if parameter.requires_grad], "lr": rate / 10},
    ]
    if not any(group["params"] for group in groups):
        raise PrunariumError(f"{type(method).__name__} learns nothing of its own; give --backbone to train the model")
    return [group for group in groups if group["params"]]


def save(method: TokenMethod, model: nn.Module, backbone: Collection[str], path: Path) -> None:
    """Write the learned parts and some weights of the model, in half precision, to a temporary file first."""
    learned = method.learned.state_dict() if isinstance(method, LearnedMethod) else {}
    state = {f"parts.{name}": value for name, value in learned.items()}
    state |= {f"model.{name}": value for name, value in model.state_dict().items() if name in backbone}
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    save_file({name: value.half().contiguous() for name, value in state.items()}, partial)
    partial.replace(path)


def tell_accuracy(method: TokenMethod, model: nn.Module, task: Task, batch: Batch) -> None:
    """Print the accuracy and the tokens left, untouched and at a few amounts."""
    shape = shape_of(method, model)
    for amount in (1.0, 0.9, 0.7, 0.5, 0.3, 0.1):
        with torch.inference_mode(), method.knob(amount, shape).apply(model) as handle:
            right = task.right(model, batch).float().mean().item()
        print(f"amount {amount}: accuracy {right:.4f}, budget {handle.report().budget:.3f}", flush=True)


def main(
    name: Annotated[str, typer.Argument(metavar="METHOD")],
    out: Annotated[Path | None, typer.Option(help="default: the method's folder")] = None,
    param: Annotated[list[str] | None, typer.Option(help="a parameter of the method, as name=value")] = None,
    backbone: Annotated[bool, typer.Option(help="train the model too, and write what was trained of it")] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(help="with --backbone: a word in the names of the weights to train; * is anything"),
    ] = None,
    start: Annotated[
        Path | None, typer.Option(help="a file made by this script, whose parts and model are trained on")
    ] = None,
    weights: Annotated[Path | None, typer.Option(help="of the benchmark's model, in place of those shipped")] = None,
    steps: Annotated[int, typer.Option(min=1)] = 800,
    batch: Annotated[int, typer.Option(min=1)] = 64,
    rate: Annotated[float, typer.Option(help="peak learning rate of the learned parts; the model's is a tenth")] = 2e-3,
    lowest: Annotated[float, typer.Option(help="least amount of tokens to turn the method to, 0 to 1")] = 0.2,
    highest: Annotated[float, typer.Option(help="most of it")] = 0.95,
    words: Annotated[int | None, typer.Option(help="of each story; default: the benchmark's")] = None,
    variants: Annotated[int, typer.Option(help="warped copies of each training digit")] = 3,
    check: Annotated[int, typer.Option(min=1, help="test images for the accuracies printed at the end")] = 1000,
    threads: int = 1,
) -> None:
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    method = untrained(name, parse_setting(param or []), start)
    task = TASKS[method.families[0]].of_model(weights)
    model = task.benchmark.model()
    if start and backbone:
        lend(model, read_backbone(start))  # for good: its own are not asked for again
    if words is not None and method.families[0] != "decoder":
        raise PrunariumError(f"--words is for methods that learn from stories; {name} learns from others")
    told = {} if words is None else {"words": words}
    chosen = weights_of(model, only or task.backbone) if backbone else []
    pool = task.pool(variants)
    trained = fine_tune(
        method,
        model,
        task,
        lambda step: task.make(batch, 50_000 + step, pool, **told),
        steps=steps,
        rate=rate,
        backbone=chosen,
        amounts=(lowest, highest),
    )
    suffix = "-trained" if backbone else ""
    path = out or registry.folder_of(name) / "weights" / f"{task.benchmark.name}{suffix}.safetensors"
    save(trained, model, chosen, path)
    print(f"{path}: {path.stat().st_size / 1024:.0f} KiB")
    tell_accuracy(trained, model, task, task.make(check, 60_000, None))


if __name__ == "__main__":
    try:
        typer.run(main)
    except PrunariumError as error:
        sys.exit(f"error: {error}")
