"""Web addresses: which of them are identifiers in disguise, and what the others lead to."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit

_ARXIV = re.compile(r"(?:abs|pdf|html)/+(\d{4}\.\d{4,5})(?:v\d+)?(?:\.pdf)?/?$")
_ARXIV_IN_TEXT = re.compile(r"arxiv(?:\.|:|\s+preprint\s+abs/|\s+abs/)\s?(\d{4}\.\d{4,5})", re.IGNORECASE)
_ARXIV_DOI = re.compile(r"10\.48550/arxiv\.(\d{4}\.\d{4,5})$", re.IGNORECASE)
_DOI = re.compile(r"(10\.\d{4,9}/[^\s?#]+)")
_ACL = re.compile(r"^/(?:anthology/)?([A-Z]\d\d-\d{4}|\d{4}\.[a-z0-9_]+-[a-z0-9_]+\.\d+)(?:v\d+)?(?:\.pdf)?/?$")
_ARXIV_HOSTS = ("arxiv.org", "export.arxiv.org", "ar5iv.org", "ar5iv.labs.arxiv.org")
_DOI_HOSTS = ("doi.org", "dx.doi.org", "link.springer.com", "dl.acm.org")
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
    if host in _DOI_HOSTS:
        doi = unquote(path).removesuffix(".pdf").rstrip("/")
        if found := _ARXIV_DOI.search(doi):
            return Address("arxiv", found[1])
        if found := _DOI.search(doi):
            return Address("doi", found[1].lower())
    return None


def identifiers_in(text: str) -> list[Address]:
    """The arXiv ids and DOIs that stand in running text."""
    found = [Address("arxiv", match[1]) for match in _ARXIV_IN_TEXT.finditer(text)]
    dois = (match[1].rstrip(".,;") for match in _DOI.finditer(text))
    return found + [Address("doi", doi.lower()) for doi in dois if not _ARXIV_DOI.search(doi)]


def arxiv_id_in_doi(doi: str) -> str | None:
    """The arXiv id, where the DOI is the one that arXiv itself gives."""
    found = _ARXIV_DOI.match(doi)
    return found[1] if found else None


def clean_code(url: str) -> str:
    """The repository's address without what only tells the web page which tab to show."""
    parts = urlsplit(url)
    path = re.sub(r"/tree/(?:main|master)/?$", "", parts.path).rstrip("/").removesuffix(".git")
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def same_code_key(url: str) -> str:
    """What is left of a repository's address once case and protocol do not count."""
    return clean_code(url).casefold().partition("://")[2].removeprefix("www.")
