"""Prunarium: the catalogue of papers on cheaper transformers, and their methods, ready to run.

    import prunarium
    method = prunarium.load("tome", r=13)
    with method.apply(model) as handle:
        model(images)
        print(handle.report())

Importing this package loads neither torch nor any model library.
"""

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from prunarium.errors import PrunariumError

if TYPE_CHECKING:
    from pathlib import Path

__version__ = version("prunarium")
__all__ = ["PrunariumError", "load", "load_cache", "save_cache"]


def load(name: str, **parameters: Any) -> Any:
    """Make a method of the registry from its name and parameters.

    One that acts inside a model (``TokenMethod``) has ``apply``; one that shortens text (``PromptMethod``) has
    ``compress``.

    Raises:
        PrunariumError: no such method, an unknown parameter or a bad value.
    """
    from prunarium.registry import load_method

    return load_method(name, **parameters)


def save_cache(path: "str | Path", cache: Any, words: Any, model: Any, **about: str) -> None:
    """Write the key-value cache that a prompt left, with a method in the model or without one, to a safetensors file.

    ``prunarium.families.caching.files.save_cache`` says what each argument is.

    Raises:
        PrunariumError: the cache is empty, static or holds other layers than transformers' dynamic ones.
    """
    from pathlib import Path

    from prunarium.families.caching import files

    files.save_cache(Path(path), cache, words, model, **about)


def load_cache(path: "str | Path", model: Any, *, plain: bool = False) -> Any:
    """A cache that ``save_cache`` or ``prunarium cache`` wrote, as a ``KeptCache``:

        kept = prunarium.load_cache("cache.safetensors", model)
        with method.apply(model):
            model.generate(**kept.going_on())

    Args:
        path: of the file.
        model: the one that read the prompt.
        plain: for going on with the untouched model, where all layers and heads hold equally many entries.

    Raises:
        PrunariumError: the file is no such cache, or of another model, or cannot be plain.
    """
    from pathlib import Path

    from prunarium.families.caching import files

    return files.load_cache(Path(path), model, plain=plain)
