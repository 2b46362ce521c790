"""The arXiv id or DOI that somebody means, however it was pasted."""

import re

from prunarium.catalog.identifiers import arxiv_id_in_doi
from prunarium.catalog.importers.addresses import Address, classify, is_web
from prunarium.errors import PrunariumError
from prunarium.records.base import ARXIV, DOI

_ARXIV = re.compile(rf"(?:arxiv:\s*)?({ARXIV}(?:v\d+)?)", re.IGNORECASE)
_OLD_ARXIV = re.compile(
    r"(?:\S*arxiv\S*?[:/.])?([a-z]+(?:-[a-z]+)?(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?(?:\.pdf)?", re.IGNORECASE
)
_DOI = re.compile(rf"(?:doi:\s*)?({DOI})", re.IGNORECASE)
_HOST = re.compile(r"(?:[\w-]+\.)*(?:arxiv|doi)\.org/", re.IGNORECASE)


def read_reference(text: str) -> Address:
    """``2210.09461``, ``arXiv:2210.09461v3``, ``10.1234/abc`` or the address of one, as an arXiv id or a DOI.

    Raises:
        PrunariumError: it is none of them.
    """
    text = text.strip()
    if old := _OLD_ARXIV.fullmatch(text):
        raise PrunariumError(
            f"'{old[1]}' is an arXiv id of the old style, which records do not take; give the paper's DOI, "
            "or run 'prunarium new paper --title ...'"
        )
    if found := _ARXIV.fullmatch(text):
        text = f"https://arxiv.org/abs/{found[1]}"
    elif found := _DOI.fullmatch(text):
        arxiv = arxiv_id_in_doi(found[1])
        return Address("arxiv", arxiv) if arxiv else Address("doi", found[1].lower())
    elif _HOST.match(text):
        text = f"https://{text}"
    address = classify(text, "") if is_web(text) else None
    if address is None or address.role not in ("arxiv", "doi"):
        shown = " ".join(text.split())[:80]
        raise PrunariumError(
            f"'{shown}' is no arXiv id and no DOI; write 2210.09461, 10.1234/abc, or the address of one"
        )
    return address


def read_references(**texts: str | None) -> dict[str, str]:
    """The identifiers that are given, by what they are.

    Raises:
        PrunariumError: one is of another kind than it should be.
    """
    found: dict[str, str] = {}
    for role, text in texts.items():
        if text is None:
            continue
        address = read_reference(text)
        if address.role != role:
            raise PrunariumError(
                f"--{role} {text}: this is the {address.role} {address.value}; give it as --{address.role}"
            )
        found[role] = address.value
    return found
