"""The records as files of other programs, below the root of the site: BibTeX, RIS, CSV, Parquet."""

from importlib.util import find_spec

from prunarium.bench.score_tables import score_table
from prunarium.catalog.exporting import export, parquet
from prunarium.site.content import Content

_PAPERS = {"papers.bib": "bibtex", "papers.ris": "ris", "papers.csv": "csv"}
"""The format of each file of papers."""
PARQUET = ("papers.parquet", "scores.parquet")
_NEEDED = ("pandas", "pyarrow")


def missing() -> str:
    """The package without which there is no Parquet; empty where all are there."""
    return next((name for name in _NEEDED if find_spec(name) is None), "")


def documents(content: Content) -> dict[str, bytes]:
    """Every file, by its path in the docs tree; no Parquet where a package for it is missing."""
    papers, scores = content.catalogue, content.scores
    made = {path: export(format, papers, papers).encode() for path, format in _PAPERS.items()}
    made["scores.csv"] = score_table("csv", scores)
    if not missing():
        made |= zip(PARQUET, (parquet.content(papers, papers), score_table("parquet", scores)), strict=True)
    return made
