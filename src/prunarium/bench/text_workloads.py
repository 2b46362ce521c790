"""Workloads of text models from a directory."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from prunarium.bench.data_files import DataFiles
from prunarium.bench.environment import weights_hash
from prunarium.bench.hub_files import config_of
from prunarium.bench.hub_texts import family_of, load_text_model
from prunarium.bench.responses import best_classes
from prunarium.bench.samples import Inputs, for_model
from prunarium.bench.text_answers import next_token, one_text
from prunarium.bench.text_benchmarks import TextBenchmark
from prunarium.bench.text_columns import choose_columns
from prunarium.bench.workload import Workload
from prunarium.errors import PrunariumError

HEADS = ("SequenceClassification", "QuestionAnswering", "TokenClassification", "MaskedLM")


def on_texts(
    benchmark: TextBenchmark,
    directory: Path,
    data: Path,
    columns: Mapping[str, str],
    device: torch.device,
    samples: int | None = None,
) -> Workload:
    """A text model on a dataset.

    Raises:
        PrunariumError: the model or the data cannot be read, or do not fit each other.
    """
    files = DataFiles(data)  # before a large model is loaded
    chosen = choose_columns(benchmark.roles, files.columns, columns, str(data))
    hub = load_text_model(directory, benchmark.head)
    task = benchmark.ask(hub, files, chosen, samples)
    return Workload(
        model=hub.model.to(device),
        weights=weights_hash(hub.model),
        model_name=hub.name,
        data=task.data,
        patch=0,
        large_batch=task.large_batch,
        answer=task.answer,
        respond=task.respond,
        device=device,
        benchmark=benchmark,
        metrics=benchmark.metrics,
        batch=task.batch,
        varied=task.varied,
        warning="; ".join(filter(None, (task.note, _slow(hub.model)))),
    )


def on_text(directory: Path, prompt: str | None, device: torch.device, what: str = "--prompt") -> Workload:
    """A text model on one text: cost is measured, quality is not. Errors name the text by ``what``.

    Raises:
        PrunariumError: there is no text, or the model cannot be read.
    """
    if prompt is None:
        raise PrunariumError(
            f"--model {directory}: holds a text model, which needs a text: give --prompt, or --benchmark and --data"
        )
    decodes = family_of(directory) == "decoder"
    hub = load_text_model(directory, "AutoModelForCausalLM" if decodes else _head_of(directory))
    answer = next_token if decodes else first_output
    return Workload(
        model=hub.model.to(device),
        weights=weights_hash(hub.model),
        model_name=hub.name,
        data=one_text(hub, prompt, what),
        patch=0,
        large_batch=8,
        answer=answer,
        respond=best_classes(answer),
        device=device,
    )


def first_output(model: Any, inputs: Inputs) -> Tensor:
    """What an encoder gives first: scores, or hidden states ``[batch, ...]``."""
    return model(**for_model(inputs))[0].flatten(1)


def _slow(model: Any) -> str:
    if getattr(model, "_supports_sdpa", True):
        return ""
    return f"transformers have no fused attention for {type(model).__name__}: times are against plain matrix products"


def _head_of(directory: Path) -> str:
    """The ``Auto`` class of transformers that loads a directory's model with its head."""
    named = (getattr(config_of(directory), "architectures", None) or [""])[0]
    head = next((head for head in HEADS if named.endswith(f"For{head}")), None)
    return f"AutoModelFor{head}" if head else "AutoModel"
