"""What ``--param``, ``--budget``, ``--seed`` and ``--batch-size`` hold: YAML values, several of them with commas."""

from typing import Any

from prunarium.errors import PrunariumError


def parse_parameters(words: list[str]) -> dict[str, list[Any]]:
    """``["r=4,8", "blocks=[3, 6]"]`` to the values of each parameter: ``r`` has two, ``blocks`` one, which is a list.

    Raises:
        PrunariumError: a word is not ``name=value``, or its value cannot be read.
    """
    parameters: dict[str, list[Any]] = {}
    for word in words:
        name, _, value = word.partition("=")
        if not name or not value.strip():
            raise PrunariumError(f"--param {word}: write it as name=value, such as --param r=13")
        if name in parameters:
            raise PrunariumError(f"--param {word}: {name} is given twice; give it once")
        parameters[name] = parse_values("--param", value)
    return parameters


def parse_setting(words: list[str]) -> dict[str, Any]:
    """``["r=4", "blocks=[3, 6]"]`` to the value of each parameter.

    Raises:
        PrunariumError: as ``parse_parameters``, or a parameter has several values.
    """
    parameters = parse_parameters(words)
    for name, values in parameters.items():
        if len(values) > 1:
            raise PrunariumError(f"--param {name}: has {len(values)} values; 'prunarium bench' measures several")
    return {name: values[0] for name, values in parameters.items()}


def parse_columns(words: list[str]) -> dict[str, str] | None:
    """``["text=review"]`` to the column of each role; ``None`` where none is named.

    Raises:
        PrunariumError: a word is not ``role=name``, or a role has two columns.
    """
    columns: dict[str, str] = {}
    for word in words:
        role, _, name = word.partition("=")
        if not role or not name:
            raise PrunariumError(f"--column {word}: write it as role=name, such as --column text=review")
        if role in columns:
            raise PrunariumError(f"--column {word}: {role} is given twice; give it once")
        columns[role] = name
    return columns or None


def parse_values(option: str, text: str) -> list[Any]:
    """``"0.75, 0.5"`` to a list; a value may be a list in brackets.

    Raises:
        PrunariumError: the text cannot be read.
    """
    import yaml

    try:
        values: list[Any] = yaml.safe_load(f"[{text}]")
    except yaml.YAMLError as error:
        raise PrunariumError(
            f"{option} {text}: the value cannot be read; quote it, or write [1, 2, 3] for a list"
        ) from error
    return values
