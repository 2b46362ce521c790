"""Checks every file of ``catalog/`` and ``methods/`` in one pass: each by itself, then what they say of each other."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, TypeVar

from prunarium.catalog import yaml_nodes
from prunarium.catalog.contradictions import contradictions
from prunarium.catalog.files import Fault, FaultyFileError, field_name, read_json, read_text, read_yaml
from prunarium.catalog.places import paper_files, schema_from, shown_path
from prunarium.catalog.schemas import MODELS
from prunarium.catalog.writing import SCHEMA_COMMENT
from prunarium.catalog.yaml_nodes import Place
from prunarium.errors import did_you_mean
from prunarium.records import (
    Card,
    DistinctPapers,
    Identifiers,
    Links,
    MeasuredScore,
    Paper,
    PaperLists,
    Record,
    ReportedOutside,
    Taxonomy,
    TokenMaps,
    VenueReference,
    Venues,
    token_maps_key_of,
)

One = TypeVar("One", bound=Record)
_ALONE = "no-reduction"
"""The category that says that there is none."""


class _Check:
    """One pass over a tree: the records that could be read, and the faults found so far."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.faults: list[Fault] = []
        self.records: dict[Path, Record] = {}

    def read(self, path: Path, schema: str) -> None:
        """Read one file by itself."""
        name = shown_path(self.root, path)
        try:
            if path.suffix == ".json":
                self.records[path] = read_json(path, MODELS[schema], name)
            else:
                self._check_first_line(path, schema)
                self.records[path] = read_yaml(path, MODELS[schema], name)
        except FaultyFileError as error:
            self.faults += error.faults
            if error.rest is not None:
                self.records[path] = error.rest

    def _check_first_line(self, path: Path, schema: str) -> None:
        first = read_text(path, shown_path(self.root, path)).partition("\n")[0].rstrip("\r")
        wanted = f"{SCHEMA_COMMENT}{schema_from(self.root, path, schema)}"
        if first != wanted:
            words = f"the first line does not name the schema; make it '{wanted}'"
            self.faults.append(Fault(shown_path(self.root, path), 1, "", words))

    def add(self, path: Path, place: Place, message: str) -> None:
        """A fault of a value of a file that could be read."""
        text = path.read_text(encoding="utf-8")
        line = yaml_nodes.line_of(yaml_nodes.compose(text), place)
        self.faults.append(Fault(shown_path(self.root, path), line, field_name(place), message))

    def of(self, model: type[One]) -> Iterator[tuple[Path, One]]:
        """The records of a kind that could be read, with their files."""
        for path, record in self.records.items():
            if isinstance(record, model):
                yield path, record

    def known(self, path: Path, place: Place, value: str | None, vocabulary: Collection[str], what: str) -> None:
        """Check that a value names something that exists."""
        if value is None or value in vocabulary:
            return
        guess = did_you_mean(value, sorted(vocabulary))
        self.add(path, place, f"there is no {what} '{value}'{guess}; correct it or add that one")


def validate(root: Path) -> list[str]:
    """All faults of a tree, as ``file:line: field: what is wrong; what to do``. An empty list is a valid tree."""
    check = _Check(root)
    for name in ("venues", "taxonomy", "lists"):
        check.read(root / "catalog" / f"{name}.yaml", name)
    for path in paper_files(root):
        check.read(path, "paper")
    for name, schema in (("distinct", "distinct"), ("reported", "reported-outside")):
        if (path := root / "catalog" / f"{name}.yaml").is_file():
            check.read(path, schema)
    _read_methods(check)
    _check_vocabularies(check)
    _check_papers(check)
    _check_unique_ids(check)
    _check_former_ids(check)
    _check_circles(check)
    _check_distinct(check)
    _check_reported_outside(check)
    _check_status(check)
    _check_methods(check)
    _check_scores(check)
    _check_token_maps(check)
    return [str(fault) for fault in sorted(set(check.faults))]


def _read_methods(check: _Check) -> None:
    for path in sorted((check.root / "methods").glob("*/card.yaml")):
        check.read(path, "card")
    for path in sorted((check.root / "methods").glob("*/reported.yaml")):
        check.read(path, "reported")
    for path in sorted((check.root / "methods").glob("*/measured/*.json")):
        check.read(path, "measured")
    for path in sorted((check.root / "methods").glob("*/token_maps.json")):
        check.read(path, "token-maps")


def _check_vocabularies(check: _Check) -> None:
    paper_ids = {path.stem for path in paper_files(check.root)}
    for path, venues in check.of(Venues):
        _check_unique(check, path, "venues", [venue.id for venue in venues.venues])
    for path, lists in check.of(PaperLists):
        _check_unique(check, path, "lists", [paper_list.id for paper_list in lists.lists])
    for path, taxonomy in check.of(Taxonomy):
        for vocabulary in Taxonomy.model_fields:
            terms = getattr(taxonomy, vocabulary)
            _check_unique(check, path, vocabulary, [term.id for term in terms])
            for position, term in enumerate(terms):
                for number, example in enumerate(term.examples):
                    check.known(path, (vocabulary, position, "examples", number), example, paper_ids, "paper")


def _check_unique(check: _Check, path: Path, field: str, ids: list[str]) -> None:
    for position, value in enumerate(ids):
        if value in ids[:position]:
            check.add(path, (field, position, "id"), f"'{value}' stands here a second time; ids are unique")


def _check_status(check: _Check) -> None:
    """A preprint is on a preprint server, and nothing else is."""
    servers = {venue.id: venue.kind == "preprint-server" for _, venues in check.of(Venues) for venue in venues.venues}
    for path, paper in check.of(Paper):
        venue = paper.venue
        if venue and venue.id in servers and servers[venue.id] != (venue.status == "preprint"):
            words = "a preprint server" if servers[venue.id] else "no preprint server"
            check.add(path, ("venue", "status"), f"is '{venue.status}', but '{venue.id}' is {words}; correct one")


def _check_papers(check: _Check) -> None:
    vocabulary = _vocabularies(check)
    paper_ids = {path.stem for path in paper_files(check.root)}
    for path, paper in check.of(Paper):
        if paper.id != path.stem:
            check.add(path, ("id",), f"is '{paper.id}', but the file is '{path.name}'; give both the same name")
        for place, value, what in _references(paper):
            if what in vocabulary:
                check.known(path, place, value, vocabulary[what], what)
        for field in ("superseded_by", "duplicate_of"):
            check.known(path, (field,), getattr(paper, field), paper_ids, "paper")
        _check_sources(check, path, paper)
        if _ALONE in paper.categories and len(paper.categories) > 1:
            words = f"'{_ALONE}' stands beside others; keep it alone, or leave it out"
            check.add(path, ("categories", paper.categories.index(_ALONE)), words)


def _check_sources(check: _Check, path: Path, paper: Paper) -> None:
    """Every source is that of a field, and of one that is filled."""
    parts: dict[str, type[Record]] = {"venue": VenueReference, "identifiers": Identifiers, "links": Links}
    names = [*Paper.model_fields, *(f"{name}.{part}" for name, model in parts.items() for part in model.model_fields)]
    for name in paper.sources:
        place = ("sources", name)
        if name not in names:
            check.known(path, place, name, names, "field")
            continue
        value: Any = paper
        for part in name.split("."):
            value = getattr(value, part, None)
        if value in (None, []):
            check.add(path, place, f"is the source of '{name}', which is empty; fill that, or remove this line")


def _check_unique_ids(check: _Check) -> None:
    """No two records share their id or one of their identifiers."""
    owners: defaultdict[tuple[Place, str], list[Path]] = defaultdict(list)
    for path, paper in check.of(Paper):
        owners[("id",), paper.id].append(path)
        for name in Identifiers.model_fields:
            if value := getattr(paper.identifiers, name):
                owners[("identifiers", name), value].append(path)
    for (place, value), sharing in owners.items():
        for path in sharing[1:]:
            other = shown_path(check.root, sharing[0])
            check.add(path, place, f"'{value}' is also that of {other}; correct one, or make them one record")


def _check_former_ids(check: _Check) -> None:
    """A former id finds one record, for good."""
    files = {path.stem: path for path in paper_files(check.root)}
    owners: dict[str, Path] = {}
    for path, paper in check.of(Paper):
        for position, alias in enumerate(paper.aliases):
            owner = files.get(alias) or owners.setdefault(alias, path)
            if owner != path or alias in paper.aliases[:position]:
                words = f"'{alias}' is that of {shown_path(check.root, owner)} already; no id is used again, remove one"
                check.add(path, ("aliases", position), words)
            elif alias == path.stem:
                check.add(path, ("aliases", position), f"'{alias}' is the id that the record has; remove it here")


def _check_circles(check: _Check) -> None:
    """Who follows from record to record comes to an end."""
    papers = {paper.id: (path, paper) for path, paper in check.of(Paper)}
    following = {key: {paper.duplicate_of, paper.superseded_by} - {None} for key, (_, paper) in papers.items()}
    while True:
        try:
            TopologicalSorter(following).prepare()
            return
        except CycleError as error:
            circle = _from_its_first(error.args[1][:0:-1])
        path, paper = papers[circle[0]]
        field = "duplicate_of" if paper.duplicate_of == circle[1] else "superseded_by"
        check.add(path, (field,), f"leads in a circle: {' to '.join(circle)}; correct the one that is wrong")
        following[circle[0]] = following[circle[0]] - {circle[1]}


def _from_its_first(circle: list[str]) -> list[str]:
    start = circle.index(min(circle))
    return [*circle[start:], *circle[: start + 1]]


def _check_distinct(check: _Check) -> None:
    paper_ids = {path.stem for path in paper_files(check.root)}
    for path, distinct in check.of(DistinctPapers):
        seen: set[frozenset[str]] = set()
        for position, pair in enumerate(distinct.pairs):
            for number, paper_id in enumerate(pair.papers):
                check.known(path, ("pairs", position, "papers", number), paper_id, paper_ids, "paper")
            if frozenset(pair.papers) in seen:
                words = f"{' and '.join(pair.papers)} stand here a second time; keep one of the two"
                check.add(path, ("pairs", position), words)
            seen.add(frozenset(pair.papers))


def _check_reported_outside(check: _Check) -> None:
    """What stands outside the method folders has a paper of the catalogue, and none that a folder runs."""
    paper_ids = {path.stem for path in paper_files(check.root)}
    folders = {card.paper: card.id for _, card in check.of(Card) if card.paper}
    for path, outside in check.of(ReportedOutside):
        methods = [one.method for one in outside.methods]
        for position, one in enumerate(outside.methods):
            place = ("methods", position, "paper")
            check.known(path, place, one.paper, paper_ids, "paper")
            if one.paper in folders:
                words = f"methods/{folders[one.paper]} runs '{one.paper}'; move the rows into its reported.yaml"
                check.add(path, place, words)
            if one.method in methods[:position]:
                words = f"'{one.method}' stands here a second time; make them one"
                check.add(path, ("methods", position, "method"), words)
        names = [name for group in outside.same_models for name in group]
        for twice in sorted({name for name in names if names.count(name) > 1}):
            check.add(path, ("same_models",), f"'{twice}' stands here twice; a model has one group of names")


def _vocabularies(check: _Check) -> dict[str, set[str]]:
    """The known ids, by what they are. A vocabulary whose file is broken is left out: its fault is reported already."""
    known: dict[str, set[str]] = {}
    for _, venues in check.of(Venues):
        known["venue"] = {venue.id for venue in venues.venues}
    for _, lists in check.of(PaperLists):
        known["list"] = {paper_list.id for paper_list in lists.lists}
    for _, taxonomy in check.of(Taxonomy):
        known["modality"] = {term.id for term in taxonomy.modalities}
        known["category"] = {term.id for term in taxonomy.categories}
        known["kind"] = {term.id for term in taxonomy.kinds}
        known["training value"] = {term.id for term in taxonomy.training}
    return known


def _references(paper: Paper) -> Iterator[tuple[Place, str, str]]:
    """Every value of a paper that names something of a vocabulary: its place, the value, and what it names."""
    yield ("kind",), paper.kind, "kind"
    yield ("training",), paper.training, "training value"
    if paper.venue:
        yield ("venue", "id"), paper.venue.id, "venue"
    for position, modality in enumerate(paper.modalities):
        yield ("modalities", position), modality, "modality"
    for position, category in enumerate(paper.categories):
        yield ("categories", position), category, "category"
    for position, mention in enumerate(paper.mentions):
        yield ("mentions", position, "list"), mention.list, "list"


def _check_methods(check: _Check) -> None:
    paper_ids = {path.stem for path in paper_files(check.root)}
    for path, card in check.of(Card):
        folder = path.parent.name
        if card.id != folder:
            check.add(path, ("id",), f"is '{card.id}', but the folder is '{folder}'; give both the same name")
        check.known(path, ("paper",), card.paper, paper_ids, "paper")
    for folder_path in sorted((check.root / "methods").glob("*/method.py")):
        if not (card_path := folder_path.with_name("card.yaml")).is_file():
            check.faults.append(Fault(shown_path(check.root, card_path), 1, "", "is missing; every method has a card"))


def _check_scores(check: _Check) -> None:
    scores = dict(check.of(MeasuredScore))
    for path, score in scores.items():
        folder = path.parent.parent.name
        if score.method != folder:
            check.add(path, ("method",), f"is '{score.method}', but the folder is '{folder}'; move the file")
        if not path.stem.endswith(f"-{score.key}"):
            check.add(path, ("key",), f"is '{score.key}', but the name of the file ends otherwise; rename the file")
    for path, fault in contradictions({Path(shown_path(check.root, path)): score for path, score in scores.items()}):
        check.add(check.root / path, ("key",), fault)


def _check_token_maps(check: _Check) -> None:
    """Token maps are of the method as it is."""
    cards = {path.parent: card for path, card in check.of(Card)}
    for path, maps in check.of(TokenMaps):
        again = f"make them again: python scripts/make_token_maps.py {path.parent.name}"
        if maps.method != path.parent.name:
            check.add(path, ("method",), f"is '{maps.method}', but the folder is '{path.parent.name}'; {again}")
        card = cards.get(path.parent)
        if card and maps.method_version != card.version:
            words = f"is {maps.method_version}, but the card is of version {card.version}; {again}"
            check.add(path, ("method_version",), words)
        if maps.key != token_maps_key_of(maps):
            check.add(path, ("key",), f"is '{maps.key}', which is not the key of what ran; {again}")
