"""The command line's one application object. Commands import what they need when they run, so that help is fast."""

import typer

app = typer.Typer(
    name="prunarium",
    help="Papers on making transformers cheaper, and their methods, ready to run.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
