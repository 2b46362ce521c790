"""``llms.txt``: what the site holds and where, for programs that read text (the form is that of llmstxt.org)."""

from collections.abc import Iterable, Iterator

from prunarium.catalog.exporting.markdown_list import escaped
from prunarium.site.content import Content
from prunarium.site.groups import groups


def documents(content: Content) -> dict[str, bytes]:
    """The file, by its path in the docs tree."""
    return {"llms.txt": "".join(f"{line}\n" for line in _lines(content)).encode()}


def _lines(content: Content) -> Iterator[str]:
    yield "# Prunarium"
    yield ""
    yield (
        f"> The catalogue of {len(content.papers)} papers on making transformers cheaper (token pruning and merging, "
        "prompt compression, key-value cache reduction, structured pruning), and a registry of "
        f"{len(content.methods)} methods that run with one command."
    )
    yield ""
    yield (
        "A record names the sources of its title, authors, venue, identifiers and code. A score is either reported "
        "(printed by somebody, with the place) or measured here (with device, versions, commit and command)."
    )
    yield from _section("Data", _data(content), content)
    yield from _section("Methods", _methods(content), content)
    yield from _section("Categories", _categories(content), content)
    yield from _section("Optional", _rest(), content)


def _section(heading: str, links: Iterable[tuple[str, str, str]], content: Content) -> Iterator[str]:
    """A heading and links: name, path from the root of the site, what is there."""
    yield f"\n## {heading}\n"
    for name, path, words in links:
        yield f"- [{escaped(name)}]({content.addresses.page(path)}): {escaped(words)}"


def _data(content: Content) -> Iterator[tuple[str, str, str]]:
    yield "Index", "api/index.json", "every file for programs, with what it holds, its size, sha256 and JSON Schema"
    yield "Papers", "api/papers.json", f"{len(content.papers)} papers with all of their fields"
    yield "Methods", "api/methods.json", f"{len(content.methods)} methods with their cards, commands and scores"
    yield "Scores", "api/scores.json", f"{len(content.scores)} measured scores"
    yield "Reported", "api/reported.json", "what papers print of these methods, held against what was measured"
    yield "Taxonomy", "api/taxonomy.json", "categories, modalities, kinds, training, venues and lists, with definitions"
    yield "BibTeX", "papers.bib", "all papers for LaTeX; the key of each is its id"
    yield "CSV", "papers.csv", "all papers as a table"


def _methods(content: Content) -> Iterator[tuple[str, str, str]]:
    for method in content.methods:
        yield method.card.name, f"methods/{method.id}/", f"{method.card.summary} Run: prunarium run {method.id}"


def _categories(content: Content) -> Iterator[tuple[str, str, str]]:
    for group in groups(content, "category"):
        yield group.name, group.page, f"{group.record.definition} ({len(group.papers)} papers)"


def _rest() -> Iterator[tuple[str, str, str]]:
    yield "Benchmarks", "benchmarks/", "quality against cost at matched budgets"
    yield "Coverage", "coverage/", "which lists were screened, and what the records lack"
    yield "Additions", "feed.xml", "papers that were added, as an Atom feed"
