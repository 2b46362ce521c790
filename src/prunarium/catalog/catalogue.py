"""The catalogue in memory: papers by id, venues, vocabularies and lists."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from prunarium import paths
from prunarium.catalog.collection import Papers
from prunarium.catalog.facets import Facets
from prunarium.catalog.files import AnyRecord, read_yaml
from prunarium.catalog.places import paper_files, shown_path
from prunarium.records import Paper, PaperList, PaperLists, Taxonomy, Venue, Venues


@dataclass(frozen=True, repr=False)
class Catalogue(Papers):
    """Everything below ``catalog/``: the papers, and what explains them. Made by :func:`load`."""

    papers_by_id: dict[str, Paper]
    venues: dict[str, Venue]
    taxonomy: Taxonomy
    lists: dict[str, PaperList]

    @cached_property
    def papers(self) -> tuple[Paper, ...]:
        """All papers, in order of their ids."""
        return tuple(self.papers_by_id.values())

    @property
    def catalogue(self) -> "Catalogue":
        """Itself: what a selection is from."""
        return self

    @cached_property
    def facets(self) -> Facets:
        """The vocabularies that papers can be filtered by."""
        return Facets(self.venues, self.taxonomy, self.lists)

    @cached_property
    def names(self) -> dict[str, str]:
        """What readers see for a value of a vocabulary, by its id."""
        terms = (term for vocabulary in Taxonomy.model_fields for term in getattr(self.taxonomy, vocabulary))
        return {term.id: term.name for term in terms}

    def venue_name(self, paper: Paper) -> str:
        """``EMNLP Findings``, or nothing where nobody states a venue."""
        if paper.venue is None:
            return ""
        known = self.venues.get(paper.venue.id)
        name = known.name if known else paper.venue.id
        return f"{name} {paper.venue.track}" if paper.venue.track else name


def _read(root: Path, name: str, model: type[AnyRecord]) -> AnyRecord:
    path = root / "catalog" / name
    return read_yaml(path, model, shown_path(root, path))


def load(root: Path | None = None) -> Catalogue:
    """Read the catalogue of a tree; without ``root``, of the clone or the installed package.

    Raises:
        FaultyFileError: a file is no valid record.
    """
    root = root or paths.root()
    papers = (read_yaml(path, Paper, shown_path(root, path)) for path in paper_files(root))
    return Catalogue(
        papers_by_id={paper.id: paper for paper in papers},
        venues={venue.id: venue for venue in _read(root, "venues.yaml", Venues).venues},
        taxonomy=_read(root, "taxonomy.yaml", Taxonomy),
        lists={paper_list.id: paper_list for paper_list in _read(root, "lists.yaml", PaperLists).lists},
    )
