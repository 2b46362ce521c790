"""``prunarium compress``: a prompt made shorter, text in and text out."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prunarium.cli import options
from prunarium.cli.app import MEASURE, app
from prunarium.cli.console import print_json
from prunarium.cli.output_file import check_output, write_output
from prunarium.cli.values import parse_setting
from prunarium.errors import PrunariumError

if TYPE_CHECKING:
    from prunarium.families import PromptMethod

_STDIN = "-"


@app.command(rich_help_panel=MEASURE)
def compress(
    method: options.Method,
    file: Annotated[str, typer.Argument(help="a text file, or - for the standard input")] = _STDIN,
    tokenizer: Annotated[
        Path | None, typer.Option(help="directory of the model that will read the prompt; default: the scorer's")
    ] = None,
    scorer: Annotated[
        Path | None, typer.Option(help="directory of the model that the method scores with, if it needs one")
    ] = None,
    question: Annotated[str | None, typer.Option(help="what is asked of the text")] = None,
    param: options.Setting = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="what is left goes to this file; with its spans if a .json"),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="overwrite --output")] = False,
    as_json: options.Json = False,
) -> None:
    """Shorten a prompt to a budget in tokens of the model that will read it.

    What is left goes to the standard output, and how much that is to the standard error.
    """
    if output:
        check_output(output, force)
    made = _method(method, param or [])
    text = read_text(file)

    from prunarium.families.prompt.directories import scorer_from, tokenizer_from

    scores = scorer_from(made.scores_with, scorer) if made.scores_with and scorer else None
    reader = tokenizer_from(tokenizer) if tokenizer else None
    left = made.compress(text, question=question, scorer=scores, tokenizer=reader)
    names = ("text", "spans", "tokens_in", "tokens_out", "budget")
    told = {"method": repr(made), **{name: getattr(left, name) for name in names}}
    if output:
        spans = output.suffix.lower() == ".json"
        write_output(output, (json.dumps(told, ensure_ascii=False, indent=1) + "\n" if spans else left.text).encode())
    if as_json:
        print_json(told)
        return
    if not output:
        sys.stdout.write(left.text)
    sys.stderr.write(f"{left.tokens_out} of {left.tokens_in} tokens left, budget {left.budget:.3f}\n")


def _method(name: str, words: list[str]) -> "PromptMethod":
    from prunarium import registry

    registry.load_class(name)  # says it well when torch is missing

    from prunarium.families import PromptMethod

    method = registry.load_method(name, **parse_setting(words))
    if not isinstance(method, PromptMethod):
        raise PrunariumError(f"{name} acts inside a model and shortens no text; 'prunarium run {name}' runs it")
    return method


def read_text(file: str) -> str:
    """A prompt from a file, or from the standard input.

    Raises:
        PrunariumError: it cannot be read.
    """
    try:
        return sys.stdin.read() if file == _STDIN else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PrunariumError(f"{file}: cannot be read as text: {error}; give a text file in UTF-8, or -") from error
