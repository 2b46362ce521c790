"""Every web address that the records hold, each with the places that use it."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urldefrag

from pydantic import BaseModel

from prunarium.catalog import yaml_nodes
from prunarium.catalog.catalogue import Catalogue
from prunarium.catalog.files import field_name, read_text
from prunarium.catalog.importers.addresses import is_web
from prunarium.catalog.places import paper_path, shown_path
from prunarium.catalog.yaml_nodes import Place
from prunarium.records import Identifiers


@dataclass(frozen=True, order=True)
class Use:
    """A place of a record that holds an address, or an identifier that stands for one."""

    file: str
    line: int
    field: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field}"


def addresses(catalogue: Catalogue, root: Path, paper_ids: Collection[str] = ()) -> dict[str, list[Use]]:
    """The addresses of the catalogue, or of those papers alone, without ``#fragments``; each once, with its uses.

    Raises:
        PrunariumError: there is no such paper.
    """
    found: defaultdict[str, list[Use]] = defaultdict(list)
    for path, holders in _files(catalogue, root, paper_ids):
        node = yaml_nodes.compose(read_text(path, shown_path(root, path)))
        for top, holder in holders:
            for place, url in _in(holder, top):
                use = Use(shown_path(root, path), yaml_nodes.line_of(node, place), field_name(place))
                found[urldefrag(url).url].append(use)
    return dict(found)


def _files(
    catalogue: Catalogue, root: Path, paper_ids: Collection[str]
) -> Iterator[tuple[Path, list[tuple[Place, BaseModel]]]]:
    """Each file with the records in it, and where they stand there."""
    papers = [catalogue.paper(paper_id) for paper_id in paper_ids] or catalogue.papers
    for paper in papers:
        yield paper_path(root, paper.id), [((), paper)]
    if not paper_ids:
        for name, records in (("venues", catalogue.venues), ("lists", catalogue.lists)):
            yield (
                root / "catalog" / f"{name}.yaml",
                [((name, position), record) for position, record in enumerate(records.values())],
            )


def _in(value: object, place: Place) -> Iterator[tuple[Place, str]]:
    """Every address in a value, however deep."""
    if isinstance(value, str):
        if is_web(value):
            yield place, value
        return
    parts: Iterator[tuple[str | int, object]] = iter(())
    if isinstance(value, Identifiers):
        parts = iter(value.addresses.items())
    elif isinstance(value, BaseModel):
        parts = iter(value)
    elif isinstance(value, dict):
        parts = iter(value.items())
    elif isinstance(value, list):
        parts = iter(enumerate(value))
    for name, part in parts:
        yield from _in(part, (*place, name))
