"""Method folders: ``methods/<id>/`` with card.yaml and method.py; ``scores`` reads what else is there."""

import hashlib
import importlib.util
import inspect
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prunarium import paths
from prunarium.catalog.files import read_yaml
from prunarium.errors import PrunariumError, did_you_mean
from prunarium.records import Card

if TYPE_CHECKING:
    from prunarium.families import Method, TokenMethod


def folders() -> dict[str, Path]:
    """Every method folder by the method's id."""
    return {path.parent.name: path.parent for path in sorted((paths.root() / "methods").glob("*/card.yaml"))}


def folder_of(name: str) -> Path:
    """The folder of a method: one of the registry, or a path to a method folder anywhere on disk.

    Raises:
        PrunariumError: there is no such method.
    """
    known = folders()
    if name in known:
        return known[name]
    elsewhere = Path(name)
    if (elsewhere / "card.yaml").is_file():
        return elsewhere.resolve()
    raise PrunariumError(
        f"there is no method '{name}'{did_you_mean(name, known)}; 'prunarium methods' lists all, "
        "or give the path of a method folder"
    )


def cards() -> dict[str, Card]:
    """Every card of the registry by the method's id."""
    return {name: find_card(name) for name in folders()}


def find_card(name: str) -> Card:
    """The card of one method.

    Raises:
        PrunariumError: no such method, or the card is broken.
    """
    path = folder_of(name) / "card.yaml"
    card = read_yaml(path, Card)
    if card.id != name and name in folders():
        raise PrunariumError(f"{path}: id: is '{card.id}', but the folder is '{name}'; give both the same name")
    return card


def methods_of_papers() -> Mapping[str, list[str]]:
    """The methods that run a paper, by the paper's id."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name, card in cards().items():
        if card.paper:
            found[card.paper].append(name)
    return dict(found)


def load_class(name: str) -> "type[Method]":
    """The class in a method's ``method.py``.

    Raises:
        PrunariumError: no such method, torch is not installed, or the file does not hold exactly one method.
    """
    folder = folder_of(name)
    path = folder / "method.py"
    try:
        from prunarium.families import Method
    except ModuleNotFoundError as error:
        raise PrunariumError(
            f"methods need {error.name}, which is not installed: pip install 'prunarium[methods]'"
        ) from error
    place = hashlib.sha256(str(folder).encode()).hexdigest()[:8]
    module_name = f"prunarium_methods.{folder.name.replace('-', '_')}_{place}"
    if module_name not in sys.modules:
        spec = importlib.util.spec_from_file_location(module_name, path)
        if spec is None or spec.loader is None or not path.is_file():
            raise PrunariumError(f"{path}: is missing; a method folder needs a method.py")
        module = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except Exception as error:  # it is somebody's code: whatever it raises is a fault of that file
            line = f":{error.lineno}" if isinstance(error, SyntaxError) else ""
            raise PrunariumError(f"{path}{line}: cannot be loaded: {type(error).__name__}: {error}") from error
        sys.modules[module_name] = module
    here = [
        kind
        for _, kind in inspect.getmembers(sys.modules[module_name], inspect.isclass)
        if issubclass(kind, Method) and kind.__module__ == module_name
    ]
    if len(here) != 1:
        raise PrunariumError(f"{path}: holds {len(here)} method classes; it must hold exactly one")
    return here[0]


def load_method(name: str, **parameters: Any) -> "Method":
    """A method with its parameters.

    Raises:
        PrunariumError: no such method, an unknown parameter or a bad value.
    """
    from pydantic import ValidationError

    kind = load_class(name)
    try:
        return kind(**parameters)
    except ValidationError as error:
        from prunarium.families.method import as_error

        raise as_error(error, kind, name) from None


def load_token_method(name: str, **parameters: Any) -> "TokenMethod":
    """A method that acts inside a model, with its parameters.

    Raises:
        PrunariumError: as ``load_method``, or the method shortens text before a model reads it.
    """
    from prunarium.families import TokenMethod

    method = load_method(name, **parameters)
    if not isinstance(method, TokenMethod):
        raise PrunariumError(
            f"{name} shortens text and acts in no model: 'prunarium compress {name}' runs it, 'prunarium run {name}' "
            f"measures it; or in Python prunarium.load('{name}').compress(text, ...)"
        )
    return method
