"""A model's directory in the layout of the Hugging Face hub, and what goes wrong with one. Nothing is fetched."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prunarium.errors import PrunariumError


def config_of(path: Path) -> Any:
    """What a directory says of its model.

    Raises:
        PrunariumError: there is no such directory, or no ``config.json`` that transformers know in it.
    """
    from transformers import AutoConfig

    if not path.is_dir():
        raise PrunariumError(
            f"--model {path}: there is no such directory; 'hf download REPOSITORY --local-dir DIR' makes one where "
            "there is a network, then give DIR"
        )
    if not (path / "config.json").is_file():
        raise PrunariumError(f"--model {path}: holds no config.json; give the directory that does")
    with in_one_line(f"--model {path}: its config.json is of no model that transformers know"):
        return AutoConfig.from_pretrained(path, local_files_only=True)


def weights_of(path: Path, kind: Any, **options: Any) -> tuple[Any, list[str]]:
    """A model in the precision of its files, ready for inference, and the names of the weights that lack.

    Args:
        path: of the directory.
        kind: one of transformers' ``Auto`` classes.
        options: of ``from_pretrained``.

    Raises:
        PrunariumError: they cannot be read.
    """
    with in_one_line(f"{path}: its weights cannot be read"), _without_bars():
        model, report = kind.from_pretrained(
            path, dtype="auto", local_files_only=True, output_loading_info=True, **options
        )
    return model.eval(), sorted(report["missing_keys"])


def make_greedy(model: Any) -> None:
    """Leave nothing of the generation settings but which tokens end and pad: no penalties, no sampling, no cache of a
    fixed size."""
    from transformers import GenerationConfig

    given = model.generation_config
    ends = given.eos_token_id
    pad = given.pad_token_id
    if pad is None:
        pad = ends[0] if isinstance(ends, list) else ends
    model.generation_config = GenerationConfig(
        bos_token_id=given.bos_token_id, eos_token_id=ends, pad_token_id=0 if pad is None else pad
    )


def name_of(path: Path) -> str:
    """The directory's name; of one in the hub's cache, that of the repository."""
    resolved = path.resolve()
    if resolved.parent.name == "snapshots":
        return resolved.parent.parent.name.rpartition("--")[2]
    return resolved.name


@contextmanager
def in_one_line(what: str) -> Iterator[None]:
    """Turn whatever transformers raise on files that somebody else wrote into one line."""
    try:
        yield
    except Exception as error:
        first = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise PrunariumError(f"{what}: {first}") from error


@contextmanager
def _without_bars() -> Iterator[None]:
    """Keep transformers from drawing progress bars between our own lines."""
    from transformers.utils import logging

    drawn = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if drawn:
            logging.enable_progress_bar()
