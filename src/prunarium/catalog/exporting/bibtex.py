"""Papers as BibTeX. The key of each is its id."""

from collections.abc import Iterable

import bibtexparser
from bibtexparser.middlewares import default_unparse_stack
from bibtexparser.model import Entry, Field

from prunarium.catalog.catalogue import Catalogue
from prunarium.catalog.exporting.publication import degree, publication
from prunarium.catalog.exporting.tex import tex, tex_title
from prunarium.records import Paper

_BRACES = str.maketrans({"{": "%7B", "}": "%7D"})


def text(papers: Iterable[Paper], catalogue: Catalogue) -> str:
    """One block for each paper."""
    layout = bibtexparser.BibtexFormat()
    layout.indent, layout.block_separator, layout.trailing_comma = "  ", "\n", True
    library = bibtexparser.Library([_block(paper, catalogue) for paper in papers])
    stack = default_unparse_stack(allow_inplace_modification=True)  # without copies: nobody else holds the library
    return bibtexparser.write_string(library, unparse_stack=stack, bibtex_format=layout)


def _block(paper: Paper, catalogue: Catalogue) -> Entry:
    kind, place = _where(paper, catalogue)
    values = {
        "title": tex_title(paper.title, paper.name),
        "author": " and ".join(map(_author, paper.authors)),
        "year": str(publication(paper, catalogue).year),
        **place,
        "eprint": paper.identifiers.arxiv,
        "archiveprefix": "arXiv" if paper.identifiers.arxiv else None,
        "doi": (paper.identifiers.doi or "").translate(_BRACES),
        "url": (paper.url or "").translate(_BRACES),
    }
    if paper.withdrawn:
        values["note"] = ", ".join(filter(None, [values.get("note"), "withdrawn"]))
    return Entry(kind, paper.id, [Field(name, value) for name, value in values.items() if value])


def _author(name: str) -> str:
    """A name in BibTeX's terms. One that readers of BibTeX would take apart is kept together by braces."""
    escaped, words = tex(name), name.casefold().split()
    apart = "," in name or "\\" in escaped or "and" in words or words == ["others"]
    return f"{{{escaped}}}" if apart else escaped


def _where(paper: Paper, catalogue: Catalogue) -> tuple[str, dict[str, str]]:
    """The type of the block, and the fields that say where the paper appeared."""
    found = publication(paper, catalogue)
    name = tex(found.name)
    match found.form:
        case "journal":
            return "article", {"journal": name}
        case "proceedings":
            return "inproceedings", {"booktitle": name}
        case "thesis" if name and degree(paper) == "master":
            return "mastersthesis", {"school": name}
        case "thesis" if name:
            return "phdthesis", {"school": name, "type": "Thesis" if degree(paper) == "unknown" else ""}
        case "submitted":
            return "misc", {"note": f"Submitted to {name}"}
        case "preprint" if paper.identifiers.arxiv:
            return "misc", {}
        case _:
            return "misc", {"howpublished": name}
