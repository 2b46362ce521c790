"""Identifiers as people paste them, brought to the form that records keep."""

import re

_ARXIV = re.compile(r"\d{4}\.\d{4,5}")
_DOI = re.compile(r"10\.\d{4,9}/\S+")


def bare_arxiv(text: str) -> str:
    """``2210.09461`` of ``arXiv:2210.09461v2`` or of an address; the text itself where it holds none."""
    found = _ARXIV.search(text)
    return found[0] if found else text


def bare_doi(text: str) -> str:
    """``10.1234/abc`` of ``https://doi.org/10.1234/ABC``; the text itself where it holds none."""
    found = _DOI.search(text)
    return found[0].lower() if found else text
