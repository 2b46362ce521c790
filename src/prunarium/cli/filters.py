"""The options by which commands choose papers: every command that takes them takes all, and says the same of them."""

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from prunarium.catalog import Catalogue, Papers

Several = list[str] | None
SortKeys = Annotated[
    list[str] | None,
    typer.Option("--sort", help="By id, title, year or venue; may be given several times, the first counts most."),
]
Reverse = Annotated[bool, typer.Option("--reverse", help="The other way round.")]


@dataclass(frozen=True)
class Chosen:
    """What the options chose: the papers, of which catalogue, and what runs them."""

    papers: "Papers"
    catalogue: "Catalogue"
    methods: Mapping[str, list[str]]
    filtered: bool

    def some(self) -> "Papers":
        """The papers.

        Raises:
            PrunariumError: there are none.
        """
        from prunarium.errors import PrunariumError

        if not self.papers:
            raise PrunariumError("no paper fits all filters; leave one out ('prunarium papers' shows what fits)")
        return self.papers


def _option(*flags: str, help: str) -> Any:
    return typer.Option(*flags, help=help, rich_help_panel="Filters")


def _facet(flag: str, what: str) -> Any:
    return _option(flag, help=f"Only {what}; may be given several times, for any of them.")


def _choose(
    modality: Annotated[Several, _facet("--modality", "this modality")] = None,
    venue: Annotated[Several, _facet("--venue", "this venue")] = None,
    year: Annotated[list[int] | None, _facet("--year", "this year")] = None,
    category: Annotated[Several, _facet("--category", "this category")] = None,
    kind: Annotated[Several, _facet("--kind", "this kind of paper")] = None,
    training: Annotated[Several, _facet("--training", "this need for training")] = None,
    in_list: Annotated[Several, _facet("--list", "papers that this list names")] = None,
    has_code: Annotated[bool | None, _option("--has-code/--no-code", help="Only with, or without, code.")] = None,
    runnable: Annotated[bool, _option("--runnable", help="Only papers with a method that runs here.")] = False,
    search: Annotated[str | None, _option("--search", help="All words, in titles, name, authors and notes.")] = None,
) -> Chosen:
    """The papers that fit every option. This signature is the options."""
    from prunarium.catalog import load
    from prunarium.registry import methods_of_papers

    catalogue, methods = load(), methods_of_papers()
    wanted: dict[str, Any] = {
        "modality": modality or None,
        "venue": venue or None,
        "year": year or None,
        "category": category or None,
        "kind": kind or None,
        "training": training or None,
        "list": in_list or None,
        "has_code": has_code,
        "runnable_ids": set(methods) if runnable else None,
        "search": search,
    }
    filtered = any(value is not None for value in wanted.values())
    return Chosen(catalogue.filter(**wanted), catalogue, methods, filtered)


def choosing_papers(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options above in the place of its first parameter, which receives the :class:`Chosen`."""
    _, *own = inspect.signature(command).parameters.values()
    options = inspect.signature(_choose).parameters

    @functools.wraps(command)
    def choose_and_run(**values: Any) -> None:
        chosen = _choose(**{name: values.pop(name) for name in options})
        command(chosen, **values)

    parameters = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in (*own, *options.values())]
    choose_and_run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    choose_and_run.__annotations__ = {one.name: one.annotation for one in parameters}
    return choose_and_run
