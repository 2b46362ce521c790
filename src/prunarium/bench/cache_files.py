"""The cache that a prompt leaves with a method, written to a file."""

from pathlib import Path
from typing import Any, cast

import torch

from prunarium.bench.budgets import at_budget
from prunarium.bench.hub_texts import family_of
from prunarium.bench.kv_cache import bytes_of, read_prompt
from prunarium.bench.text_workloads import on_text
from prunarium.bench.workload import find_device, in_precision
from prunarium.errors import PrunariumError
from prunarium.families import TokenMethod
from prunarium.families.caching.files import save_cache
from prunarium.records.score import Precision


@torch.inference_mode()
def fill_cache(
    method: TokenMethod,
    directory: Path,
    prompt: str,
    path: Path,
    budget: float | None = None,
    device: str = "cpu",
    precision: str = "float32",
    what: str = "the prompt",
) -> dict[str, Any]:
    """Have a language model read a prompt with a method, and write what is left of its cache, with the word that it
    would say next.

    Args:
        method: for decoders.
        directory: of the model.
        prompt: a text.
        path: of the safetensors file.
        budget: entries kept, of the prompt's; finds the method's parameter.
        device: to read it on.
        precision: of the weights and the cache.
        what: name of the prompt in errors.

    Returns:
        what was written, in plain values.

    Raises:
        PrunariumError: the prompt is empty or too long, the directory holds no language model, the method does not
            work on it or cannot reach the budget, or the file cannot be written.
    """
    if directory.is_dir() and family_of(directory) != "decoder":
        raise PrunariumError(f"--model {directory}: holds no language model; only those leave a cache")
    workload = in_precision(on_text(directory, prompt, find_device(device), what), cast(Precision, precision))
    if budget is not None:
        method = at_budget(method, budget, workload)
    inputs = workload.data.batch(0, 1, workload.device)
    with method.apply(workload.model):
        said = workload.answer(workload.model, inputs)
        cache = read_prompt(workload.model, inputs)
    words = said.argmax(dim=-1, keepdim=True)
    save_cache(path, cache, words, workload.model, method=repr(method), directory=workload.model_name)
    counts = [_entries(layer) for layer in cache.layers]
    return {
        "method": repr(method),
        "model": workload.model_name,
        "tokens": inputs["input_ids"].shape[1],
        "entries": sum(counts) / len(counts),
        "entries_by_layer": counts,
        "bytes": bytes_of(cache),
        "path": str(path),
    }


def _entries(layer: Any) -> float:
    """That a layer holds, the mean over key heads."""
    if not hasattr(layer, "entries"):
        return float(layer.keys.shape[2])
    mean: float = layer.entries.lengths.double().mean().item()
    return mean
