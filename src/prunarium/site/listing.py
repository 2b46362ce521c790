"""Names every file for programs: as JSON, as checksums, and as a page to download them from."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from hashlib import sha256

from prunarium.catalog.exporting.json_records import envelope
from prunarium.site import dumps
from prunarium.site.api import json_file
from prunarium.site.content import Content
from prunarium.site.schemas import schema_of
from prunarium.site.templates import document

INDEX, CHECKSUMS, PAGE = "api/index.json", "SHA256SUMS", "data/index.md"
HOLDS = {
    "api/papers.json": "every paper with all of its fields, its page here, and the methods that run it",
    "api/methods.json": "every method's card, its command, its reported and measured scores",
    "api/scores.json": "what was measured here with the present version of each method",
    "api/reported.json": "what others print of these methods, each number held against what was measured",
    "api/taxonomy.json": "categories, modalities, kinds, training, venues and lists, with how many papers each has",
    "papers.bib": "all papers as BibTeX; the key of each is its id",
    "papers.ris": "all papers as RIS, for reference managers",
    "papers.csv": "all papers as a table: UTF-8, with a header; several values of a cell stand behind '; '",
    "papers.parquet": "the same table with types, and with lists as lists",
    "scores.csv": "the measured scores as a table: one row for each score and batch size",
    "scores.parquet": "the measured scores: one row for each, speed and tokens as lists",
    "feed.xml": "the papers that were added last, as an Atom feed",
    "feed.json": "the papers that were added last, as a JSON feed",
    "llms.txt": "what the site holds and where, for programs that read text",
    "benchmarks/*.csv": "the points of the pictures of one benchmark, on one device",
    "benchmarks/*.vl.json": "one of these pictures with its points, as a Vega-Lite chart",
    "api/schemas/records/*.schema.json": "JSON Schema of a file of the repository",
    "api/schemas/*.schema.json": "JSON Schema of a file below api/",
}
"""What a file holds, by its path; a star stands for any name."""


@dataclass(frozen=True)
class Listed:
    """A file for programs, as ``api/index.json`` has it."""

    path: str
    url: str
    holds: str
    bytes: int
    sha256: str
    described_by: str | None


def listings(files: Mapping[str, bytes], content: Content) -> dict[str, bytes]:
    """The index, the checksums (of the index, too) and the page, by path in the docs tree."""
    listed = list(_listed(files, content))
    left_out = {path: f"{dumps.missing()} is not installed where this site was built" for path in _left_out(files)}
    data = {**envelope("files", [asdict(one) for one in listed]), "left_out": left_out}
    index = json_file(data)
    sums = {one.path: one.sha256 for one in listed} | {INDEX: sha256(index).hexdigest()}
    return {
        INDEX: index,
        CHECKSUMS: "".join(f"{digest}  {path}\n" for path, digest in sorted(sums.items())).encode(),
        PAGE: document(
            "data.html",
            "Download the data",
            "Every file of the catalogue and of the scores, for programs: JSON, CSV, Parquet, BibTeX, feeds.",
            "../",
            hide=("toc",),
            listed=[one for one in listed if "schemas" not in one.path],
            schemas=[one for one in listed if "schemas" in one.path],
            left_out=left_out,
        ),
    }


def _left_out(files: Mapping[str, bytes]) -> list[str]:
    return [path for path in dumps.PARQUET if path not in files]


def _listed(files: Mapping[str, bytes], content: Content) -> Iterator[Listed]:
    """The files that somebody may want, in the order of ``HOLDS``."""
    seen = set()
    for pattern, holds in HOLDS.items():
        for path in sorted(path for path in files if path not in seen and fnmatchcase(path, pattern)):
            seen.add(path)
            digest = sha256(files[path]).hexdigest()
            yield Listed(path, content.addresses.page(path), holds, len(files[path]), digest, schema_of(path))
