"""Workloads of models that see images: timm's classifiers, and vision-language models from a directory."""

from pathlib import Path
from typing import Any

import torch

from prunarium.bench import checkpoints
from prunarium.bench.answer_texts import in_writing
from prunarium.bench.benchmarks import FolderBenchmark, QuestionBenchmark, classify, next_word
from prunarium.bench.environment import weights_hash
from prunarium.bench.hub_models import load_directory
from prunarium.bench.image_folder import class_folders, read_folder, read_image
from prunarium.bench.one_image import noise, one_image
from prunarium.bench.prompts import all_questions, one_prompt
from prunarium.bench.question_files import QuestionFiles
from prunarium.bench.responses import best_classes, generated_words
from prunarium.bench.workload import Workload
from prunarium.errors import PrunariumError

NOISE_SIDE = 672
"""Pixels a side of the noise that stands for an image of any size: four tiles and a thumbnail for LLaVA-NeXT."""


def on_folder(
    benchmark: FolderBenchmark,
    name: str,
    checkpoint: Path | None,
    folder: Path,
    device: torch.device,
    samples: int | None = None,
) -> Workload:
    """A timm classifier on the images of a folder of class folders.

    Raises:
        PrunariumError: no weights, no images, or they do not fit each other.
    """
    class_folders(folder)  # before a large model is loaded
    model: Any = checkpoints.with_checkpoint(name, checkpoint) if checkpoint else checkpoints.pretrained(name)
    if not model.num_classes:
        raise PrunariumError(f"{name} has no classes to answer with; give a model with a classifier")
    data, note = read_folder(folder, benchmark.number_classes, model, samples)
    return Workload(
        model=model.to(device).eval(),
        weights=weights_hash(model),
        model_name=name,
        data=data,
        patch=_patch_size(model),
        large_batch=32,
        answer=classify,
        device=device,
        benchmark=benchmark,
        metrics=benchmark.metrics if model.num_classes > 5 else benchmark.metrics[:1],  # top-5 of 5 says nothing
        warning=note,
    )


def on_questions(
    benchmark: QuestionBenchmark, directory: Path, files: Path, device: torch.device, samples: int | None = None
) -> Workload:
    """A vision-language model on questions about images. Where ten people answered every question, it is judged by how
    many of them agree with it; always by whether it gives one of the right answers.

    Samples are answered one at a time: images of different sizes have different numbers of tokens.

    Raises:
        PrunariumError: the model or the questions cannot be read, or do not fit each other.
    """
    read = QuestionFiles(files)  # before a large model is loaded
    questions = read.questions(samples)
    hub = load_directory(directory)
    data = all_questions(hub, read, questions, benchmark.instruction)
    assert data.labels is not None
    ten = all(len(question.answers) == 10 for question in questions)
    return Workload(
        model=hub.model.to(device),
        weights=weights_hash(hub.model),
        model_name=hub.name,
        data=data,
        patch=hub.patch,
        large_batch=1,
        answer=next_word,
        respond=in_writing(generated_words(benchmark.words), hub.read, data.labels.shape[-1]),
        device=device,
        benchmark=benchmark,
        metrics=benchmark.metrics if ten else benchmark.metrics[1:],
        batch=1,
        varied=True,
    )


def on_prompt(directory: Path, image: Path | None, question: str, device: torch.device) -> Workload:
    """A vision-language model on one question about one image (or noise): cost is measured, quality is not.

    Raises:
        PrunariumError: the model or the image cannot be read, or do not fit each other.
    """
    picture = noise(NOISE_SIDE, NOISE_SIDE) if image is None else read_image(image)
    hub = load_directory(directory)
    return Workload(
        model=hub.model.to(device),
        weights=weights_hash(hub.model),
        model_name=hub.name,
        data=one_prompt(hub, picture, question),
        patch=hub.patch,
        large_batch=8,
        answer=next_word,
        respond=best_classes(next_word),
        device=device,
        noise=image is None,
    )


def timm_model(name: str, checkpoint: Path | None, image: Path | None, device: torch.device, seed: int = 0) -> Workload:
    """Any timm model on one image (or noise): cost is measured, quality is not.

    Weights are the checkpoint's, or pretrained ones that are on this machine; random ones otherwise.

    Raises:
        PrunariumError: timm has no such model, the checkpoint does not fit, or the image is none.
    """
    import timm

    warning = ""
    try:
        model: Any = checkpoints.with_checkpoint(name, checkpoint) if checkpoint else checkpoints.pretrained(name)
        weights = weights_hash(model)
    except checkpoints.NoWeightsError as error:
        torch.manual_seed(seed)
        model, weights = timm.create_model(name), f"random, torch seed {seed}"
        warning = f"random weights, quality is meaningless: {error}"
    model = model.to(device).eval()
    return Workload(
        model=model,
        model_name=name,
        data=one_image(image, timm.data.resolve_model_data_config(model)),
        patch=_patch_size(model),
        large_batch=32,
        answer=classify,
        device=device,
        weights=weights,
        noise=image is None,
        warning=warning,
    )


def _patch_size(model: Any) -> int:
    return model.patch_embed.patch_size[0] if hasattr(model, "patch_embed") else 1
