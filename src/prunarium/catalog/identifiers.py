"""Identifiers as people paste them, brought to the form that records keep."""

import re

from prunarium.records.base import ARXIV, DOI

_ARXIV = re.compile(rf"(?<!\d)(?<!\d\.){ARXIV}(?!\d)")
_DOI = re.compile(DOI)
_ARXIV_DOI = re.compile(rf"10\.48550/arxiv\.({ARXIV})(?:v\d+)?", re.IGNORECASE)


def bare_arxiv(text: str) -> str:
    """``2210.09461`` of ``arXiv:2210.09461v2`` or of an address; the text itself where it holds none."""
    found = _ARXIV.search(text)
    return found[0] if found else text


def bare_doi(text: str) -> str:
    """``10.1234/abc`` of ``https://doi.org/10.1234/ABC``; the text itself where it holds none."""
    found = _DOI.search(text)
    return found[0].lower() if found else text


def arxiv_id_in_doi(doi: str) -> str | None:
    """The arXiv id, where the DOI is the one that arXiv itself gives."""
    found = _ARXIV_DOI.fullmatch(doi)
    return found[1] if found else None


def arxiv_year(arxiv_id: str) -> int:
    """The year in which arXiv gave the id."""
    return 2000 + int(arxiv_id[:2])
