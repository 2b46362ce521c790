"""``prunarium cache``: what a method leaves of a prompt in a language model's cache, as a file."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from prunarium.cli import options
from prunarium.cli.app import MEASURE, app
from prunarium.cli.compress import read_text
from prunarium.cli.console import print_json
from prunarium.cli.output_file import check_output
from prunarium.cli.values import parse_setting


@app.command(rich_help_panel=MEASURE)
def cache(
    method: options.Method,
    model: Annotated[Path, typer.Option(help="directory of the language model that reads it")],
    output: Annotated[Path, typer.Option("--output", "-o", help="the .safetensors file to write")],
    file: Annotated[str, typer.Argument(help="the prompt: a text file, or - for the standard input")] = "-",
    force: Annotated[bool, typer.Option("--force", help="overwrite --output")] = False,
    param: options.Setting = None,
    budget: Annotated[float | None, typer.Option(help="entries kept, of the prompt's; finds the parameter")] = None,
    device: options.Device = None,
    precision: options.Precision = None,
    as_json: options.Json = False,
) -> None:
    """Have a language model read a prompt, and keep what a method leaves of its key-value cache.

    ``prunarium.load_cache`` reads the file into a cache of transformers, to go on from in another process.
    """
    from prunarium import registry

    registry.load_class(method)  # says it well when torch is missing
    check_output(output, force)

    from prunarium.bench.cache_files import fill_cache

    made = registry.load_token_method(method, **parse_setting(param or []))
    left = fill_cache(made, model, read_text(file), output, budget, device or "cpu", precision or "float32", file)
    if as_json:
        print_json(left)
        return
    sys.stderr.write(
        f"{left['entries']:.1f} of {left['tokens']} entries left in each key head, {left['bytes']:,} bytes: {output}\n"
    )
