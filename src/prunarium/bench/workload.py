"""What a method is run on: a model with its inputs, from a benchmark or the user's own."""

import functools
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from prunarium.bench import benchmarks, checkpoints
from prunarium.bench.answer_texts import in_writing
from prunarium.bench.benchmarks import (
    Benchmark,
    EmbeddedBenchmark,
    FolderBenchmark,
    QuestionBenchmark,
    classify,
    name_classes,
    next_word,
)
from prunarium.bench.decoders import PATCH, FewLayers, few_layers
from prunarium.bench.environment import device_kind, weights_hash
from prunarium.bench.hub_models import is_directory, load_directory
from prunarium.bench.hub_texts import family_of
from prunarium.bench.image_folder import class_folders, read_folder, read_image
from prunarium.bench.one_image import noise, one_image
from prunarium.bench.precisions import PRECISIONS, rounded_weights
from prunarium.bench.prompts import all_questions, one_prompt
from prunarium.bench.question_files import QuestionFiles
from prunarium.bench.responses import Answer, Respond, Response, best_classes, generated_words
from prunarium.bench.samples import InMemory, Inputs, Samples, check_count
from prunarium.errors import PrunariumError
from prunarium.records import Family
from prunarium.records.score import Metric, Precision

BATCH = 100
"""Samples that are answered at a time: always the same, because another batch size may round differently."""
NOISE_SIDE = 672
"""Pixels a side of the noise that stands for an image of any size: four tiles and a thumbnail for LLaVA-NeXT."""
QUESTION = "Describe the image."
_TIMM = "a timm classifier"


@dataclass(frozen=True)
class Workload:
    """A model, its inputs, and how it answers.

    Attributes:
        model_name: the name under which scores are recorded.
        patch: pixels along a patch, for pictures.
        large_batch: a batch size at which throughput is measured.
        answer: the forward pass whose cost is measured: class or vocabulary scores of a batch ``[batch, answers]``.
        weights: the hash of trained ones; how random ones were made.
        noise: the data are nobody's: they only have the right shape.
        benchmark: empty where only cost is measured.
        metrics: by which answers are judged; the first is the main one.
        precision: of the weights and inputs.
        batch: samples that are answered at a time.
        varied: whether samples differ in their numbers of tokens, text or image.
        warning: what a person should know before believing the numbers.
        respond: what the model says, which is judged.
    """

    model: nn.Module
    model_name: str
    data: Samples
    patch: int
    large_batch: int
    answer: Answer
    device: torch.device
    weights: str
    seed: int = 0
    noise: bool = False
    benchmark: Benchmark | None = None
    metrics: tuple[Metric, ...] = ("accuracy",)
    precision: Precision = "float32"
    batch: int = BATCH
    varied: bool = False
    warning: str = ""
    respond: Respond = name_classes

    @functools.cached_property
    def data_checksum(self) -> str | None:
        """sha256 of the data; ``None`` for noise."""
        return None if self.noise else self.data.checksum()


def workload_for(
    benchmark: str | None = None,
    model: str | None = None,
    checkpoint: Path | None = None,
    data: Path | None = None,
    device: str | torch.device = "cpu",
    *,
    samples: int | None = None,
    image: Path | None = None,
    prompt: str | None = None,
    columns: Mapping[str, str] | None = None,
    precision: Precision = "float32",
    seed: int = 0,
    families: Collection[Family] = (),
) -> Workload:
    """The workload of a cell. Nothing is downloaded: ``checkpoints.download`` does that, on the user's word.

    Args:
        benchmark: its name; without it and with a model, only cost is measured, on an image or noise.
        model: a timm model, or the directory of a vision-language or text model; embedded benchmarks have their own.
        checkpoint: weights of a timm model; pretrained ones without it.
        data: of a benchmark that needs some: the folder of class folders, or parquet files.
        device: ``cpu``, ``cuda``, ``cuda:1``...
        samples: only the first so many of the data.
        image: a picture to run the model on, where no benchmark is.
        prompt: what to ask a vision-language model about it, or what a text model reads.
        columns: of a dataset of texts: which is what, where their names do not tell.
        precision: of weights and inputs.
        seed: recorded, and of random weights.
        families: of the method; without benchmark and model, the first embedded benchmark of them.

    Raises:
        PrunariumError: something is missing, cannot be read or does not fit the rest.
    """
    place = find_device(device)
    if benchmark is None and model is None:
        given = {"checkpoint": checkpoint, "image": image, "data": data, "prompt": prompt}
        _refuse("need --model, such as --model deit_small_patch16_224", **given)
    found = _find(benchmark, model, families)
    texts = _texts()
    if not isinstance(found, texts.TextBenchmark):
        _refuse("needs a benchmark on a dataset of texts, such as text-classification", column=columns or None)
    if isinstance(found, EmbeddedBenchmark):
        own = f"must be left out: {found.name} comes with its own model and data"
        _refuse(own, model=model, checkpoint=checkpoint, data=data, image=image, prompt=prompt)
        made = embedded(found, place, samples)
    elif found is not None:
        own = "texts" if isinstance(found, texts.TextBenchmark) else "images"
        _refuse(f"must be left out: {found.name} has its own {own}", image=image, prompt=prompt)
        made = _on_data(found, model, checkpoint, data, place, samples, columns or {})
    else:
        needed = "need --benchmark imagenet or image-folder, or vqa for a directory, beside --model"
        _refuse(needed, data=data, samples=samples)
        assert model is not None, "without benchmark and model, one is found"
        made = _on_one_image(model, checkpoint, image, prompt, place, seed)
    return in_precision(replace(made, seed=seed), precision)


def _on_data(
    benchmark: Any,
    model: str | None,
    checkpoint: Path | None,
    data: Path | None,
    device: torch.device,
    samples: int | None,
    columns: Mapping[str, str],
) -> Workload:
    texts = _texts()
    reads, asks = isinstance(benchmark, texts.TextBenchmark), isinstance(benchmark, QuestionBenchmark)
    if model is None or data is None:
        such = "my-model/" if reads else "llava-1.5-7b-hf/" if asks else "deit_small_patch16_224"
        raise PrunariumError(f"{benchmark.name} needs --model and --data, such as --model {such} --data DIR")
    if (asks or reads) != is_directory(model):
        kind = f"the directory of a {'text' if reads else 'vision-language'} model" if asks or reads else _TIMM
        raise PrunariumError(f"{benchmark.name} needs {kind} as --model, not {model}")
    if isinstance(benchmark, FolderBenchmark):
        return on_folder(benchmark, model, checkpoint, data, device, samples)
    _refuse("must be left out: the directory holds the weights", checkpoint=checkpoint)
    if isinstance(benchmark, texts.TextBenchmark):
        return texts.on_texts(benchmark, Path(model), data, columns, device, samples)
    return on_questions(benchmark, Path(model), data, device, samples)


def _on_one_image(
    model: str, checkpoint: Path | None, image: Path | None, prompt: str | None, device: torch.device, seed: int
) -> Workload:
    if (part := few_layers(model)) is not None:
        _refuse(f"must be left out: {model} reads noise", checkpoint=checkpoint, image=image, prompt=prompt)
        return on_few_layers(part, model, device, seed)
    if not is_directory(model):
        _refuse("needs the directory of a vision-language model as --model", prompt=prompt)
        return timm_model(model, checkpoint, image, device, seed)
    _refuse("must be left out: the directory holds the weights", checkpoint=checkpoint)
    if Path(model).is_dir() and family_of(Path(model)) is not None:
        _refuse("must be left out: the model reads text", image=image)
        return _texts().on_text(Path(model), prompt, device)
    return on_prompt(Path(model), image, prompt or QUESTION, device)


def embedded(benchmark: EmbeddedBenchmark, device: torch.device, samples: int | None = None) -> Workload:
    """A benchmark with the model that the package ships for it.

    Raises:
        PrunariumError: it does not have so many samples.
    """
    data, model = benchmark.data(), benchmark.model()
    return Workload(
        model=model.to(device),
        weights=weights_hash(model),
        model_name=benchmark.name,
        data=data.first(check_count(samples, len(data), benchmark.name)),
        patch=benchmark.patch,
        large_batch=benchmark.large_batch,
        answer=benchmark.answer,
        respond=benchmark.respond,
        device=device,
        benchmark=benchmark,
        metrics=benchmark.metrics,
    )


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


def on_few_layers(part: FewLayers, name: str, device: torch.device, seed: int) -> Workload:
    """Some layers of a large LLaVA at their full width, with random weights: only its times and costs mean anything."""
    side = part.image_size
    return Workload(
        model=part.build(device, seed),
        weights=f"random, torch seed {seed}",
        model_name=name,
        data=InMemory(part.inputs(seed), None, np.asarray(noise(side, side))[None]),
        patch=PATCH,
        large_batch=1,
        answer=next_word,
        respond=best_classes(next_word),
        device=device,
        noise=True,
        warning=f"random weights and {part.layers} of {part.whole.layers} layers: times and costs alone mean anything",
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


def find_device(name: str | torch.device) -> torch.device:
    """A device that computes.

    Raises:
        PrunariumError: there is no such device here, or it is of a kind that cannot be measured on.
    """
    try:
        device = torch.device(name)
        device_kind(device)
        torch.zeros(1, device=device).item()
    except (RuntimeError, AssertionError) as error:
        raise PrunariumError(f"--device {name}: there is no such device here") from error
    return device


def in_precision(workload: Workload, precision: Precision) -> Workload:
    """The same workload with its weights and inputs rounded to another precision; its scores come back in float32.

    Raises:
        PrunariumError: there is no such precision.
    """
    if precision not in PRECISIONS:
        raise PrunariumError(f"there is no precision '{precision}'; there are {', '.join(PRECISIONS)}")
    dtype = PRECISIONS[precision]
    model = rounded_weights(workload.model, dtype)
    if precision == "float32":
        return replace(workload, model=model)

    def rounded(inputs: Inputs) -> Inputs:
        return {name: value.to(dtype) if value.is_floating_point() else value for name, value in inputs.items()}

    def answer(model: nn.Module, inputs: Inputs) -> Tensor:
        return workload.answer(model, rounded(inputs)).float()

    def respond(model: nn.Module, inputs: Inputs) -> Response:
        response = workload.respond(model, rounded(inputs))
        return replace(response, scores=response.scores.float())

    return replace(workload, model=model, answer=answer, respond=respond, precision=precision)


def _texts() -> Any:
    from prunarium.bench import text_workloads  # which make what is here

    return text_workloads


def _find(benchmark: str | None, model: str | None, families: Collection[Family]) -> Any:
    """The benchmark that is meant; none where only a model is given."""
    if benchmark is not None:
        found = benchmarks.find_benchmark(benchmark)
        if found.family == "prompt":
            raise PrunariumError(f"{benchmark} is for methods of family prompt; this one acts in a model")
        return found
    if model is not None:
        return None
    fitting = [one for one in benchmarks.benchmarks().values() if one.family in families]
    if not fitting:
        raise PrunariumError("no embedded benchmark fits the method; give a --model")
    return fitting[0]


def _refuse(why: str, **options: Any) -> None:
    given = [f"--{name}" for name, value in options.items() if value is not None]
    if given:
        raise PrunariumError(f"{' and '.join(given)} {why}")


def _patch_size(model: Any) -> int:
    return model.patch_embed.patch_size[0] if hasattr(model, "patch_embed") else 1
