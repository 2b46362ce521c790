"""The catalogue in memory: papers by id, venues, vocabularies and lists, and the search over them."""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from prunarium import paths
from prunarium.catalog.facets import Choice, Facets, chosen
from prunarium.catalog.files import AnyRecord, read_yaml
from prunarium.catalog.places import paper_files, shown_path
from prunarium.errors import PrunariumError, did_you_mean
from prunarium.records import Paper, PaperList, PaperLists, Taxonomy, Venue, Venues


@dataclass(frozen=True)
class Catalogue:
    """Everything below ``catalog/``. Made by :func:`load`."""

    papers_by_id: dict[str, Paper]
    venues: dict[str, Venue]
    taxonomy: Taxonomy
    lists: dict[str, PaperList]

    @property
    def papers(self) -> Iterable[Paper]:
        """All papers, in order of their ids."""
        return self.papers_by_id.values()

    def __iter__(self) -> Iterator[Paper]:
        return iter(self.papers)

    def __len__(self) -> int:
        return len(self.papers_by_id)

    def paper(self, paper_id: str) -> Paper:
        """The paper with that id.

        Raises:
            PrunariumError: there is none.
        """
        if paper_id not in self.papers_by_id:
            guess = did_you_mean(paper_id, self.papers_by_id)
            raise PrunariumError(f"there is no paper '{paper_id}'{guess}; 'prunarium papers' lists all")
        return self.papers_by_id[paper_id]

    def by_arxiv(self, arxiv_id: str) -> Paper | None:
        """The paper with that arXiv id, if the catalogue has it."""
        return self._by_arxiv.get(arxiv_id)

    @cached_property
    def _by_arxiv(self) -> dict[str, Paper]:
        return {paper.identifiers.arxiv: paper for paper in self.papers if paper.identifiers.arxiv}

    @cached_property
    def facets(self) -> Facets:
        """The vocabularies that papers can be filtered by."""
        return Facets(self.venues, self.taxonomy, self.lists)

    def filter(
        self,
        *,
        modality: Choice = None,
        venue: Choice = None,
        year: int | Iterable[int] | None = None,
        category: Choice = None,
        kind: Choice = None,
        training: Choice = None,
        list: Choice = None,
        has_code: bool | None = None,
        runnable_ids: AbstractSet[str] | None = None,
        search: str | None = None,
    ) -> tuple[Paper, ...]:
        """The papers that fit, in order of their ids: any of the values of one argument, and all arguments.

        Values are ids or names, in any case. ``runnable_ids`` keeps the papers whose id is in it. ``search`` looks for
        all of its words in title, name, authors and notes.

        Raises:
            PrunariumError: a value is in no vocabulary.
        """
        facets, years = self.facets, chosen(year)
        wanted = {
            name: facets.ids(name, values)
            for name, values in (
                ("modality", modality),
                ("venue", venue),
                ("category", category),
                ("kind", kind),
                ("training", training),
                ("list", list),
            )
        }
        words = (search or "").casefold().split()
        return tuple(
            paper
            for paper in self.papers
            if facets.fits(paper, wanted)
            and (years is None or paper.year in years)
            and (has_code is None or bool(paper.links.code) == has_code)
            and (runnable_ids is None or paper.id in runnable_ids)
            and (not words or _holds(paper, words))
        )


def _holds(paper: Paper, words: Iterable[str]) -> bool:
    text = "\n".join([paper.title, paper.name or "", *paper.authors, *paper.notes]).casefold()
    return all(word in text for word in words)


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
