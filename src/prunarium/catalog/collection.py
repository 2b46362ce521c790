"""Papers in an order, to be narrowed, sorted, looked up and counted: a catalogue, or what was chosen of one."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any, overload

from prunarium.catalog.facets import Choice, chosen_years, fold, searchable
from prunarium.catalog.identifiers import arxiv_id_in_doi, bare_arxiv, bare_doi
from prunarium.catalog.sorting import in_order
from prunarium.errors import PrunariumError, did_you_mean
from prunarium.records import Paper

if TYPE_CHECKING:
    from prunarium.catalog.catalogue import Catalogue

_SHOWN_IDS = 4
_SHOWN_ROWS = 20


class Papers(Sequence[Paper]):
    """What a catalogue and a selection of its papers have in common. Neither ever changes: each choice makes a new one.

    It is a sequence of papers: ``papers[0]``, ``papers[:10]``, ``len(papers)``, a loop. ``papers["tome"]`` is the paper
    with that id.
    """

    @property
    @abstractmethod
    def papers(self) -> tuple[Paper, ...]:
        """The papers, in their order."""

    @property
    @abstractmethod
    def catalogue(self) -> "Catalogue":
        """The catalogue that they are from, with venues, vocabularies and lists."""

    def __len__(self) -> int:
        return len(self.papers)

    def __iter__(self) -> Iterator[Paper]:
        return iter(self.papers)

    @overload
    def __getitem__(self, key: int | str) -> Paper: ...
    @overload
    def __getitem__(self, key: slice) -> "Selection": ...
    def __getitem__(self, key: int | str | slice) -> "Paper | Selection":
        if isinstance(key, str):
            return self.paper(key)
        return Selection(self.papers[key], self.catalogue) if isinstance(key, slice) else self.papers[key]

    def __contains__(self, value: object) -> bool:
        return value in self._by_any_id if isinstance(value, str) else value in self.papers

    def paper(self, paper_id: str) -> Paper:
        """The paper with that id, or that once had it.

        Raises:
            PrunariumError: there is none.
        """
        if paper_id not in self._by_any_id:
            guess = did_you_mean(paper_id, self._by_any_id)
            where = "" if self.catalogue is self else f" among these {len(self)}"
            raise PrunariumError(f"there is no paper '{paper_id}'{where}{guess}; 'prunarium papers' lists all")
        return self._by_any_id[paper_id]

    def by_arxiv(self, arxiv_id: str) -> Paper | None:
        """The paper with that arXiv id, if it is here. The id may carry its version or its address."""
        return self._by_arxiv.get(bare_arxiv(arxiv_id))

    def by_doi(self, doi: str) -> Paper | None:
        """The paper with that DOI, if it is here: in any case, with or without the resolver's address.

        The DOI that arXiv gives finds the paper with the arXiv id in it.
        """
        bare = bare_doi(doi)
        return self._by_doi.get(bare) or self._by_arxiv.get(arxiv_id_in_doi(bare) or "")

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
    ) -> "Selection":
        """The papers that fit, in the order they have here: any of the values of one argument, and all arguments.

        Values are ids or names, in any case. ``runnable_ids`` keeps the papers whose id is in it. ``search`` looks for
        all of its words in titles, name, authors and notes, whatever their case and accents.

        Raises:
            PrunariumError: a value is in no vocabulary, or a year is no whole number.
        """
        facets, years = self.catalogue.facets, chosen_years(year)
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
        words = fold(search or "").split()
        fitting = (
            paper
            for paper in self.papers
            if facets.fits(paper, wanted)
            and (years is None or paper.year in years)
            and (has_code is None or bool(paper.links.code) == has_code)
            and (runnable_ids is None or paper.id in runnable_ids)
            and (not words or _holds(paper, words))
        )
        return Selection(fitting, self.catalogue)

    def sort(self, *keys: str, reverse: bool = False) -> "Selection":
        """The papers by ``id``, ``title``, ``year`` or ``venue``, and by the next key where one makes no difference.

        Papers without a venue come last, also in reverse; equals come in order of their ids.

        Raises:
            PrunariumError: there is no such key.
        """
        return Selection(in_order(self.papers, keys, self.catalogue, reverse=reverse), self.catalogue)

    def to_dataframe(self) -> Any:
        """A pandas DataFrame: the columns of the CSV export, with lists where a paper has several values.

        Raises:
            PrunariumError: pandas is not installed.
        """
        from prunarium.catalog.exporting.table import dataframe

        return dataframe(self.papers, self.catalogue)

    def __repr__(self) -> str:
        ids = ", ".join(paper.id for paper in self.papers[:_SHOWN_IDS])
        more = ", ..." if len(self) > _SHOWN_IDS else ""
        return f"<{type(self).__name__} of {len(self)} papers{': ' if ids else ''}{ids}{more}>"

    def _repr_html_(self) -> str:
        rows = "".join(map(self._html_row, self.papers[:_SHOWN_ROWS]))
        more = len(self) - _SHOWN_ROWS
        rest = f"<tr><td colspan='4'>and {more} more</td></tr>" if more > 0 else ""
        head = "<tr><th>id</th><th>year</th><th>venue</th><th>title</th></tr>"
        return f"<p>{len(self)} papers</p><table><thead>{head}</thead><tbody>{rows}{rest}</tbody></table>"

    def _html_row(self, paper: Paper) -> str:
        title = escape(paper.title)
        title = f'<a href="{escape(paper.url)}">{title}</a>' if paper.url else title
        venue = escape(self.catalogue.venue_name(paper))
        return f"<tr><td>{paper.id}</td><td>{paper.year}</td><td>{venue}</td><td>{title}</td></tr>"

    @cached_property
    def _by_any_id(self) -> dict[str, Paper]:
        former = {alias: paper for paper in self.papers for alias in paper.aliases}
        return former | {paper.id: paper for paper in self.papers}

    @cached_property
    def _by_arxiv(self) -> dict[str, Paper]:
        return {paper.identifiers.arxiv: paper for paper in self.papers if paper.identifiers.arxiv}

    @cached_property
    def _by_doi(self) -> dict[str, Paper]:
        return {paper.identifiers.doi: paper for paper in self.papers if paper.identifiers.doi}


class Selection(Papers):
    """Some papers of a catalogue, in an order of their own."""

    def __init__(self, papers: Iterable[Paper], catalogue: "Catalogue") -> None:
        self._papers, self._catalogue = tuple(papers), catalogue

    @property
    def papers(self) -> tuple[Paper, ...]:
        return self._papers

    @property
    def catalogue(self) -> "Catalogue":
        return self._catalogue

    def __eq__(self, other: object) -> bool:
        return self._papers == other._papers if isinstance(other, Selection) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # records hold lists


def _holds(paper: Paper, words: Iterable[str]) -> bool:
    text = fold(searchable(paper))
    return all(word in text for word in words)
