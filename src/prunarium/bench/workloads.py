"""Which workload is meant by a benchmark, a model and what else a user says."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from prunarium.bench import benchmarks
from prunarium.bench.benchmarks import EmbeddedBenchmark, FolderBenchmark, QuestionBenchmark, next_word
from prunarium.bench.environment import weights_hash
from prunarium.bench.few_layers import FewLayers, few_layers
from prunarium.bench.hub_models import is_directory
from prunarium.bench.hub_texts import family_of
from prunarium.bench.image_workloads import on_folder, on_prompt, on_questions, timm_model
from prunarium.bench.responses import best_classes
from prunarium.bench.samples import check_count
from prunarium.bench.text_benchmarks import TextBenchmark
from prunarium.bench.text_workloads import on_text, on_texts
from prunarium.bench.workload import Workload, find_device, in_precision
from prunarium.errors import PrunariumError
from prunarium.records import Family
from prunarium.records.score import Precision

QUESTION = "Describe the image."
_TIMM = "a timm classifier"


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
    if not isinstance(found, TextBenchmark):
        _refuse("needs a benchmark on a dataset of texts, such as text-classification", column=columns or None)
    if isinstance(found, EmbeddedBenchmark):
        own = f"must be left out: {found.name} comes with its own model and data"
        _refuse(own, model=model, checkpoint=checkpoint, data=data, image=image, prompt=prompt)
        made = embedded(found, place, samples)
    elif found is not None:
        own = "texts" if isinstance(found, TextBenchmark) else "images"
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
    reads, asks = isinstance(benchmark, TextBenchmark), isinstance(benchmark, QuestionBenchmark)
    if model is None or data is None:
        such = "my-model/" if reads else "llava-1.5-7b-hf/" if asks else "deit_small_patch16_224"
        raise PrunariumError(f"{benchmark.name} needs --model and --data, such as --model {such} --data DIR")
    if (asks or reads) != is_directory(model):
        kind = f"the directory of a {'text' if reads else 'vision-language'} model" if asks or reads else _TIMM
        raise PrunariumError(f"{benchmark.name} needs {kind} as --model, not {model}")
    if isinstance(benchmark, FolderBenchmark):
        return on_folder(benchmark, model, checkpoint, data, device, samples)
    _refuse("must be left out: the directory holds the weights", checkpoint=checkpoint)
    if isinstance(benchmark, TextBenchmark):
        return on_texts(benchmark, Path(model), data, columns, device, samples)
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
        return on_text(Path(model), prompt, device)
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


def on_few_layers(part: FewLayers, name: str, device: torch.device, seed: int) -> Workload:
    """Some layers of a large model at their full width, with random weights: only its times and costs mean anything."""
    return Workload(
        model=part.build(device, seed),
        weights=f"random, torch seed {seed}",
        model_name=name,
        data=part.data(seed),
        patch=part.patch,
        large_batch=1,
        answer=next_word,
        respond=best_classes(next_word),
        device=device,
        noise=True,
        words=part.words,
        warning=f"random weights and {part.layers} of {part.whole.layers} layers: times and costs alone mean anything",
    )


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
