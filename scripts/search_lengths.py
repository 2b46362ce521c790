"""Find length configurations of Length-Adaptive Transformer for the small BERT of storyworld-encoder (some minutes).

    python scripts/search_lengths.py
    python scripts/search_lengths.py --trained methods/length-adaptive/weights/storyworld-encoder-trained.safetensors

Written to the method's folder, where ``load("length-adaptive", found="storyworld-encoder")`` reads them and budgets
are reached along them. Quality is the mean log-probability of the right answers to stories that no benchmark asks
about. Kim and Cho, ACL 2021 (arXiv 2010.07003), section 3.3: the model stays as it is.
"""

import sys
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from torch import nn

from prunarium import load, registry
from prunarium.catalog.writing import write_text
from prunarium.errors import PrunariumError
from prunarium.families import TokenMethod, shape_of
from prunarium.families.encoder import Found, Frontier
from training_tasks import TASKS, Batch, Task

NAME = "length-adaptive"
SEED = 70_000  # of stories that neither benchmarks nor trainings have


def quality_of(method: TokenMethod, model: nn.Module, task: Task, batch: Batch) -> float:
    """Mean log-probability of the right answers, with the method in the model; more is better."""
    inputs, labels = batch
    with torch.inference_mode(), method.apply(model):
        return -float(nn.functional.cross_entropy(task.logits(model, inputs, labels), labels))


def search(method: Any, model: nn.Module, task: Task, batch: Batch, rounds: int, seed: int) -> Frontier:
    """The best configurations, cheapest first, of a search in so many rounds."""
    found = method.search(
        lambda turned: quality_of(turned, model, task, batch),
        shape_of(method, model),
        tokens=batch[0]["input_ids"].shape[1],
        rounds=rounds,
        seed=seed,
    )
    return Frontier(
        found=tuple(Found(budget=spent, quality=good, retention=turned.retention) for spent, good, turned in found)
    )


def main(
    out: Annotated[Path | None, typer.Option(help="default: the method's folder")] = None,
    rounds: Annotated[int, typer.Option(min=0, help="of mutations and crossovers")] = 30,
    stories: Annotated[int, typer.Option(min=1, help="that quality is measured on")] = 200,
    seed: Annotated[int, typer.Option(help="of the draws")] = 0,
    weights: Annotated[Path | None, typer.Option(help="of the benchmark's model, in place of those shipped")] = None,
    trained: Annotated[
        Path | None, typer.Option(help="a model trained with the method (train_method.py --backbone)")
    ] = None,
    threads: int = 1,
) -> None:
    torch.set_num_threads(threads)
    method = load(NAME) if trained is None else load(NAME).trained(trained)
    task = TASKS["encoder"].of_model(weights)
    frontier = search(method, task.benchmark.model(), task, task.make(stories, SEED, None), rounds, seed)
    path = out or registry.folder_of(NAME) / "lengths" / f"{task.benchmark.name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, frontier.model_dump_json(indent=2) + "\n")
    for one in frontier.found:
        print(f"budget {one.budget:.3f}: quality {one.quality:.4f}")
    print(f"{path}: {len(frontier.found)} configurations")


if __name__ == "__main__":
    try:
        typer.run(main)
    except PrunariumError as error:
        sys.exit(f"error: {error}")
