"""``prunarium run``: a method against the untouched model, in one line."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prunarium.cli.app import app
from prunarium.errors import PrunariumError

if TYPE_CHECKING:
    from prunarium.bench.run import Run
    from prunarium.bench.workload import Workload
    from prunarium.families import TokenMethod
    from prunarium.records import Card, MeasuredScore

SECONDS = 6.0


@app.command()
def run(
    context: typer.Context,
    method: Annotated[str, typer.Argument(help="a method of 'prunarium methods', or the path of a method folder")],
    model: Annotated[str | None, typer.Option(help="any timm ViT; default: the benchmark's own small model")] = None,
    benchmark: Annotated[str | None, typer.Option(help="an embedded benchmark; default: the family's")] = None,
    param: Annotated[list[str] | None, typer.Option("--param", help="a parameter as name=value; repeatable")] = None,
    budget: Annotated[
        float | None, typer.Option(help="mean tokens per block, of the untouched model's; finds the parameter for it")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:1...")] = "cpu",
    batch_size: Annotated[list[int] | None, typer.Option(min=1, help="batch size to time; repeatable")] = None,
    image: Annotated[Path | None, typer.Option(help="a picture to run on, with --model")] = None,
    checkpoint: Annotated[Path | None, typer.Option(help="weights for --model")] = None,
    picture: Annotated[Path | None, typer.Option(help="where to write the token map")] = None,
    seconds: Annotated[float, typer.Option(min=0, help="how long to time each batch size")] = SECONDS,
    record: Annotated[bool, typer.Option("--record", help="keep the score in the method's measured/ folder")] = False,
    json: Annotated[bool, typer.Option("--json", help="print the score as JSON, nothing else")] = False,
) -> None:
    """Run a method: quality, cost and speed against the untouched model with fused attention."""
    from prunarium import registry

    if record and seconds < 1:
        raise PrunariumError("--record needs at least --seconds 1: a shorter timing is not worth keeping")
    card = registry.find_card(method)
    parameters = parse_parameters(param or [])
    made = registry.load_method(method, **parameters)

    # after load_method, which says it well when torch is missing
    from prunarium.bench.pictures import check_path, draw
    from prunarium.bench.records import write_score
    from prunarium.bench.run import Run
    from prunarium.families import adapter_for

    workload = _workload(card, model, benchmark, image, checkpoint, device)
    picture = picture or Path("build") / f"{card.id}-{workload.model_name}.png"
    check_path(picture)
    adapter_for(made, workload.model)
    if workload.warning:
        _say(workload.warning)
    if budget is not None:
        made = _at_budget(made, budget, parameters, workload)
    sizes = tuple(batch_size or (1, workload.large_batch))
    score = _measure(Run(card, made, workload, _command(context), sizes, seconds), quiet=json)
    written = write_score(score, registry.folder_of(method)) if record else None
    _show(score, written, json)
    drawn = draw(made, workload, picture)  # last: a score is not lost for a picture
    if not json:
        print(f"token map: {drawn}")


def parse_parameters(words: list[str]) -> dict[str, Any]:
    """``["r=13", "blocks=[3, 6]"]`` to values, read as YAML reads them.

    Raises:
        PrunariumError: a word is not ``name=value``, or its value cannot be read.
    """
    import yaml

    parameters = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise PrunariumError(f"--param {word}: write it as name=value, such as --param r=13")
        if name in parameters:
            raise PrunariumError(f"--param {word}: {name} is given twice; give it once")
        try:
            parameters[name] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise PrunariumError(f"--param {word}: the value cannot be read; quote it, or write [1, 2, 3]") from error
    return parameters


def _workload(
    card: "Card", model: str | None, benchmark: str | None, image: Path | None, checkpoint: Path | None, device: str
) -> "Workload":
    import torch

    from prunarium.bench import benchmarks, workload

    try:
        place = torch.device(device)
        torch.zeros(1, device=place).item()
    except (RuntimeError, AssertionError) as error:
        raise PrunariumError(f"--device {device}: there is no such device here") from error
    if model is not None:
        if benchmark is not None:
            raise PrunariumError("--benchmark comes with its own model; leave out --model or --benchmark")
        return workload.timm_model(model, checkpoint, image, place)
    if image or checkpoint:
        raise PrunariumError("--image and --checkpoint need --model, such as --model deit_small_patch16_224")
    fitting = [b.name for b in benchmarks.benchmarks().values() if b.family in card.families]
    if not benchmark and not fitting:
        raise PrunariumError(f"no embedded benchmark fits {card.id}; give a --model")
    return workload.embedded(benchmarks.find_benchmark(benchmark or fitting[0]), place)


def _at_budget(method: "TokenMethod", budget: float, given: dict[str, Any], workload: "Workload") -> "TokenMethod":
    """The method at a budget; a parameter that the budget decides must not be given as well."""
    from prunarium.bench.budgets import at_budget

    turned = at_budget(method, budget, workload)
    for name in given:
        if getattr(turned, name) != getattr(method, name):
            raise PrunariumError(f"--budget finds {name} by itself; leave out --param {name}=...")
    return turned


def _show(score: "MeasuredScore", written: Path | None, as_json: bool) -> None:
    if as_json:
        print(score.model_dump_json(indent=1))
        return
    from prunarium.cli.score_table import show_score

    show_score(score)
    if written:
        print(f"recorded: {written}")


def _measure(prepared: "Run", quiet: bool) -> "MeasuredScore":
    """Measure behind a progress bar on stderr."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:28}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=quiet) as bar:
        task = bar.add_task("starting", total=1.0)
        prepared.progress = lambda what, done: bar.update(task, description=what, completed=done)
        return prepared.measure()


def _command(context: typer.Context) -> str:
    """The command that measures this again: what was given, less where output went."""
    import shlex

    words = ["prunarium", "run", context.params["method"]]
    for name in ("model", "benchmark", "device", "image", "checkpoint"):
        value = context.params[name]
        if value not in (None, "cpu"):
            words += [f"--{name}", str(value)]
    for word in context.params["param"] or []:
        words += ["--param", word]
    if context.params["seconds"] != SECONDS:
        words += ["--seconds", str(context.params["seconds"])]
    if context.params["budget"] is not None:
        words += ["--budget", str(context.params["budget"])]
    for size in context.params["batch_size"] or []:
        words += ["--batch-size", str(size)]
    return shlex.join(words)


def _say(text: str) -> None:
    from rich.console import Console

    Console(stderr=True).print(text, style="bold red", markup=False, soft_wrap=True)
