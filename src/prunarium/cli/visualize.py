"""``prunarium visualize``: what a method does to tokens, as a picture; nothing is measured."""

from pathlib import Path
from typing import Annotated

import typer

from prunarium.cli import options
from prunarium.cli.app import MEASURE, app
from prunarium.cli.console import console
from prunarium.cli.values import parse_columns, parse_setting

_OUTPUT = "--output"


@app.command(rich_help_panel=MEASURE)
def visualize(
    method: options.Method,
    budget: options.Budget = None,
    macs: options.Macs = None,
    param: options.Setting = None,
    benchmark: options.Benchmark = None,
    model: options.Model = None,
    data: options.Data = None,
    column: options.Column = None,
    image: options.Image = None,
    prompt: options.Prompt = None,
    checkpoint: options.Checkpoint = None,
    trained: options.Trained = False,
    device: options.Device = None,
    inputs: Annotated[int, typer.Option(min=1, max=20, help="how many inputs to show")] = 3,
    output: Annotated[Path | None, typer.Option(_OUTPUT, "-o", help="a .png or .svg file")] = None,
) -> None:
    """Draw how many tokens leave each block, and which ones are left, merged or gone on a few inputs."""
    from prunarium import registry
    from prunarium.catalog import picture_files

    if output:
        picture_files.check_path(output, _OUTPUT)
    registry.load_class(method)  # says it well when torch is missing

    from prunarium.bench.cells import as_cell, prepare
    from prunarium.bench.pictures.token_picture import draw
    from prunarium.bench.run import Run

    cell = as_cell(
        method=method,
        parameters=parse_setting(param or []),
        budget=budget,
        macs=macs,
        benchmark=benchmark,
        model=model,
        checkpoint=checkpoint,
        trained=trained,
        data=data,
        columns=parse_columns(column or []),
        image=image,
        prompt=prompt,
        device=device,
    )
    registry.load_token_method(method)  # refuses what acts in no model
    prepared = prepare(cell).run
    assert isinstance(prepared, Run)
    if prepared.workload.warning:
        console(stderr=True).print(prepared.workload.warning, style="bold red", markup=False, soft_wrap=True)
    path = output or Path("build") / f"{prepared.card.id}-{prepared.workload.model_name}.png"
    print(f"picture: {draw(prepared.method, prepared.workload, path, _OUTPUT, inputs)}")
