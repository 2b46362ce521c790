"""Web addresses: which of them are identifiers in disguise, and what the others lead to."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit

from prunarium.catalog.identifiers import arxiv_id_in_doi
from prunarium.records.base import ARXIV, DOI

_ARXIV = re.compile(rf"(?:abs|pdf|html)/+({ARXIV})(?:v\d+)?(?:\.pdf)?/?$")
_ARXIV_IN_TEXT = re.compile(rf"arxiv(?:\.|:|\s+preprint\s+abs/|\s+abs/)\s?({ARXIV})(?!\d)", re.IGNORECASE)
_DOI = re.compile(DOI)
_VIEW = re.compile(r"/(?:fulltext\.html|full|abstract|e?pdf)$", re.IGNORECASE)
"""How publishers end the address of one view of a paper, after its DOI."""
_ACL = re.compile(r"^/(?:anthology/)?([A-Z]\d\d-\d{4}|\d{4}\.[a-z0-9_]+-[a-z0-9_]+\.\d+)(?:v\d+)?(?:\.pdf)?/?$")
_ARXIV_HOSTS = ("arxiv.org", "export.arxiv.org", "ar5iv.org", "ar5iv.labs.arxiv.org")
_RESOLVERS = ("doi.org", "dx.doi.org")
_PUBLISHERS = ("link.springer.com", "dl.acm.org")
_CODE_HOSTS = ("github.com", "gitlab.com", "bitbucket.org", "gitee.com")
_PAGE_HOSTS = (".github.io", ".gitlab.io")
_LABELS = {
    "paper": ("paper", "abs", "html", "link"),
    "pdf": ("pdf",),
    "code": ("code", "github", "official code", "implementation"),
    "project": ("project", "project page", "page", "website", "homepage", "web"),
}


@dataclass(frozen=True)
class Address:
    """A link of a list: what it leads to, and the identifier or cleaned address."""

    role: str
    value: str


def is_web(url: str) -> bool:
    """Whether the address can be opened in a browser, and holds nothing that no address has."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    clean = url.isprintable() and not any(mark in " <>\"'`\\" for mark in url)
    return parts.scheme in ("http", "https") and bool(parts.netloc) and clean


def classify(url: str, label: str) -> Address:
    """What a link leads to: by its address where that tells, else by its label."""
    parts = urlsplit(url)
    host = parts.netloc.lower().removeprefix("www.")
    identifier = _identifier(host, parts.path, parts.query)
    if identifier:
        return identifier
    word = label.strip(" []").casefold()
    if host.endswith(_PAGE_HOSTS) or word in _LABELS["project"]:
        return Address("project", url)
    if host in _CODE_HOSTS:
        return Address("code", clean_code(url))
    if "paperswithcode.com" in host or "paper with code" in word or "papers with code" in word:
        return Address("other", url)
    if parts.path.endswith(".pdf"):
        return Address("pdf", url)
    return Address(next((role for role, labels in _LABELS.items() if word in labels), "other"), url)


def _identifier(host: str, path: str, query: str) -> Address | None:
    if host in _ARXIV_HOSTS and (found := _ARXIV.search(path)):
        return Address("arxiv", found[1])
    if host == "openreview.net" and (ids := parse_qs(query).get("id")):
        return Address("openreview", ids[0])
    if host in ("aclanthology.org", "aclweb.org") and (found := _ACL.match(path)):
        return Address("acl", found[1])
    if host in (*_RESOLVERS, *_PUBLISHERS) and (found := _DOI.search(unquote(path))):
        doi = found[0].removesuffix(".pdf").rstrip("/")
        return _of_doi(_VIEW.sub("", doi) if host in _PUBLISHERS else doi)
    return None


def _of_doi(doi: str) -> Address:
    arxiv = arxiv_id_in_doi(doi)
    return Address("arxiv", arxiv) if arxiv else Address("doi", doi.lower())


def identifiers_in(text: str) -> list[Address]:
    """The arXiv ids and DOIs that stand in running text."""
    found = [Address("arxiv", match[1]) for match in _ARXIV_IN_TEXT.finditer(text)]
    dois = (re.split("[?#]", match[0])[0].rstrip(".,;") for match in _DOI.finditer(text))
    return found + [address for address in map(_of_doi, dois) if address.role == "doi"]


def clean_code(url: str) -> str:
    """The repository's address without what only tells the web page which tab to show."""
    parts = urlsplit(url)
    path = re.sub(r"/tree/(?:main|master)/?$", "", parts.path).rstrip("/").removesuffix(".git")
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def same_code_key(url: str) -> str:
    """What is left of a repository's address once case and protocol do not count."""
    return clean_code(url).casefold().partition("://")[2].removeprefix("www.")
