"""Prunarium: the catalogue of papers on cheaper transformers, and their methods, ready to run.

    import prunarium
    method = prunarium.load("tome", r=13)
    with method.apply(model) as handle:
        model(images)
        print(handle.report())

Importing this package loads neither torch nor any model library.
"""

from importlib.metadata import version
from typing import Any

from prunarium.errors import PrunariumError

__version__ = version("prunarium")
__all__ = ["PrunariumError", "load"]


def load(name: str, **parameters: Any) -> Any:
    """Make a method of the registry from its name and parameters.

    One that acts inside a model (``TokenMethod``) has ``apply``; one that shortens text (``PromptMethod``) has
    ``compress``.

    Raises:
        PrunariumError: no such method, an unknown parameter or a bad value.
    """
    from prunarium.registry import load_method

    return load_method(name, **parameters)
