"""YAML as plain data (fast), and as a tree of nodes with line numbers (only where a fault needs its line)."""

from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import yaml

Place = Sequence[str | int]
"""Where a value is in a file: keys and positions from the top, such as ``("links", "code", 0, "url")``."""

# YAML 1.1 also reads dates and a lone "=" as something else than text; here both are text.
_TEXT_ANYWAY = ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value")


class DuplicateKeyError(Exception):
    """A mapping holds a key twice. PyYAML would keep the last one in silence."""


class _Loader(yaml.CSafeLoader):
    yaml_implicit_resolvers = {  # noqa: RUF012 - the name and shape are PyYAML's
        first: [(tag, pattern) for tag, pattern in resolvers if tag not in _TEXT_ANYWAY]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        if isinstance(node, yaml.MappingNode) and any(_repeated(node)):
            raise DuplicateKeyError
        return super().construct_mapping(node, deep)


def _repeated(node: yaml.MappingNode) -> Iterator[yaml.Node]:
    """The keys of this mapping that stood there before."""
    seen = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode):
            if key.value in seen:
                yield key
            seen.add(key.value)


def load(text: str) -> Any:
    """The plain data of a YAML document.

    Raises:
        yaml.YAMLError: the text is not YAML.
        DuplicateKeyError: a mapping holds a key twice.
    """
    return yaml.load(text, Loader=_Loader)


def compose(text: str) -> yaml.Node | None:
    """The node tree of a document; nothing for an empty or broken one. JSON is YAML enough for this."""
    try:
        return yaml.compose(text, Loader=_Loader)
    except (yaml.YAMLError, RecursionError):
        return None


def is_text(plain: str) -> bool:
    """Whether YAML 1.1 reads the unquoted word as text, rather than as a number, a truth value or a date."""
    return all(
        not pattern.match(plain)
        for _, pattern in [
            *yaml.SafeLoader.yaml_implicit_resolvers.get(plain[:1], []),
            *yaml.SafeLoader.yaml_implicit_resolvers.get(None, []),
        ]
    )


def line_of(node: yaml.Node | None, place: Place) -> int:
    """The line of a value's key, or of the nearest mapping around it that is there."""
    line = 1
    for part in place:
        if node is None:
            break
        if isinstance(node, yaml.MappingNode):
            pairs = [(key, value) for key, value in node.value if getattr(key, "value", None) == str(part)]
            if not pairs:
                break
            line, node = pairs[-1][0].start_mark.line + 1, pairs[-1][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            break
    return line


def duplicate_keys(node: yaml.Node | None, place: Place = ()) -> list[tuple[Place, int]]:
    """Every key that a mapping holds again: its place and line."""
    found: list[tuple[Place, int]] = []
    if isinstance(node, yaml.MappingNode):
        found += [((*place, str(key.value)), key.start_mark.line + 1) for key in _repeated(node)]
        for key, value in node.value:
            found += duplicate_keys(value, (*place, str(key.value)))
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            found += duplicate_keys(value, (*place, position))
    return found
