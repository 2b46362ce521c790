"""Hugging Face's evaluation results: the ``model-index`` of a model card's metadata."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from prunarium.errors import PrunariumError
from prunarium.records import MeasuredScore

if TYPE_CHECKING:
    from huggingface_hub import EvalResult

TASKS = {
    "vit": "image-classification",
    "vlm": "visual-question-answering",
    "encoder": "text-classification",
    "decoder": "text-generation",
}
METRICS = {
    "accuracy": "accuracy",
    "top-1": "accuracy",
    "top-5": "top_5_accuracy",
    "exact match": "exact_match",
    "vqa accuracy": "vqa_accuracy",
    "f1": "f1",
    "next word": "accuracy",
}
DATASETS = {"imagenet": "imagenet-1k"}
"""The id on the hub, where it is another name."""


def content(scores: Sequence[MeasuredScore]) -> bytes:
    """YAML for the head of a README.md. A model with a method at a setting is a model of its own.

    Only quality is in it: the format has no place for cost and speed but as arguments of a metric.

    Raises:
        PrunariumError: no score holds quality, or huggingface_hub is not installed.
    """
    try:
        from huggingface_hub import CardData
        from huggingface_hub.repocard_data import eval_results_to_model_index
    except ModuleNotFoundError as error:
        raise PrunariumError(
            f"hf needs {error.name}, which is not installed: pip install 'prunarium[methods]'"
        ) from error
    models: defaultdict[str, list[EvalResult]] = defaultdict(list)
    for score in scores:
        models[f"{score.model} with {score.setting}"] += _results(score)
    index = [entry for name, found in models.items() if found for entry in eval_results_to_model_index(name, found)]
    if not index:
        raise PrunariumError("none of these scores holds quality, and this format holds nothing else")
    card = CardData()
    card["model-index"] = index
    return f"{card.to_yaml()}\n".encode()


def _results(score: MeasuredScore) -> "Iterator[EvalResult]":
    from huggingface_hub import EvalResult

    benchmark = score.benchmark or score.model
    revision = None if benchmark in DATASETS else str(score.benchmark_revision)  # on the hub a revision is a commit
    cache = score.cost.cache
    for quality in (score.quality, *score.other_quality):
        if quality:
            yield EvalResult(
                task_type=TASKS[score.family],
                dataset_type=DATASETS.get(benchmark, benchmark),
                dataset_name=benchmark,
                dataset_revision=revision,
                metric_type=METRICS[quality.metric],
                metric_name=quality.metric,
                metric_value=quality.method,
                metric_args={
                    "method": score.method,
                    "budget": score.cost.budget,
                    "untouched": quality.baseline,
                    "difference_95": [quality.difference_low, quality.difference_high],
                    "samples": quality.samples,
                    "macs": score.cost.macs,
                    "macs_untouched": score.cost.macs_baseline,
                    **({"cache_bytes": cache.bytes, "cache_bytes_untouched": cache.bytes_baseline} if cache else {}),
                    "key": score.key,
                },
            )
