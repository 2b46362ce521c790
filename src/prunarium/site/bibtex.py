"""A paper as a BibTeX block."""

from prunarium.records import Paper, Venue

_ESCAPES = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\{",
        "}": r"\}",
        "&": r"\&",
        "%": r"\%",
        "$": r"\$",
        "#": r"\#",
        "_": r"\_",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "\n": " ",
    }
)


def bibtex(paper: Paper, venue: Venue | None) -> str:
    """The block; the key is the paper's id. Letters beyond ASCII stay as they are (UTF-8)."""
    kind, fields = _where(paper, venue)
    fields = {
        "title": f"{{{_tex(paper.title)}}}",
        "author": " and ".join(_tex(author) for author in paper.authors),
        "year": str(paper.venue.year if paper.venue else paper.year),
        **fields,
        "doi": paper.identifiers.doi or "",
        "url": paper.url or "",
    }
    lines = [f"  {name} = {{{value}}},\n" for name, value in fields.items() if value]
    return f"@{kind}{{{paper.id},\n{''.join(lines)}}}"


def _where(paper: Paper, venue: Venue | None) -> tuple[str, dict[str, str]]:
    """The type of the block, and the fields that say where the paper appeared."""
    arxiv = paper.identifiers.arxiv
    eprint = {"eprint": arxiv, "archiveprefix": "arXiv"} if arxiv else {}
    if paper.venue is None or venue is None or venue.kind == "preprint-server":
        return "misc", eprint
    name = _tex(f"{venue.full_name} ({paper.venue.track})" if paper.venue.track else venue.full_name)
    if paper.venue.status == "submitted":
        return "misc", {"note": f"Submitted to {name}", **eprint}
    if venue.kind == "journal":
        return "article", {"journal": name, **eprint}
    return "inproceedings", {"booktitle": name, **eprint}


def _tex(text: str) -> str:
    return text.translate(_ESCAPES)
