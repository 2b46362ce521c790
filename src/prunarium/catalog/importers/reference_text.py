"""A reference in free text, such as ``A Name, B Name, 3 May 2024, The Title, Venue``: which part of it is what.

Nothing marks the parts, and their order changes from line to line. Dates, venues and quotes are found by their form,
people by the form of their names; the first words that are none of these are the title.
"""

import re
from dataclasses import dataclass, replace

from prunarium.catalog.importers.names import is_name, is_title_word

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)[a-z]*\.?"
_DAYS = r"\d{1,2}(?:st|nd|rd|th)?(?:\s?[-–—]\s?\d{1,2})?"
_DATE = re.compile(
    rf"\(?\b(?:{_DAYS}\s+)?(?:{_MONTH}\s+)?(?:{_DAYS},?\s+)?((?:19|20)\d\d)\b(?!\.\d)\)?"
    rf"(?:\s*\((?:v\d+|revised[^)]*)\))*"
)
_VENUE = re.compile(
    r"""\b(?:
      (?:In|in)\s+(?=(?:the\s+)?(?:Proc|Advances|International|IEEE|ACM|[A-Z]{3,}))
      | [Ii]n:\s(?:[^()]*\(eds?\.?\)\s*)?
      | (?:In\s+)?\d{4}\s+(?=IEEE|ACM|\d+(?:st|nd|rd|th)\b)
      | (?=(?:In\s+)?Proc(?:eedings|\.)\s)
      | (?=Advances\s+in\s+[Nn]eural | IEEE\s | ACM\s | Findings\s+of | International\s+(?:Joint\s+)?Conf)
      | (?=[Aa][Rr][Xx]iv\s+preprint | CoRR\b | LNCS\b | Neural\s+[Cc]omput | EuroSys\b)
      | (?=Ph\.?\s?D\.?\s+[Tt]hesis | Master[’']?s\s+[Tt]hesis | Technical\s+Report)
      | (?=School\s+of\s | Electrical\s+Engineering\s+and)
      | (?=Medium\b | Towards\s+Data\s+Science | [\w.]+\s+blog\b)
      | (?=(?:AAAI|ACL|CVPR|ECCV|EMNLP|ICCV|ICLR|ICML|IJCAI|NAACL|NeurIPS|WACV)\s?'?\d)
    )""",
    re.VERBOSE,
)
_QUOTED = re.compile(r"[“\"]([^”\"]{12,}?)[,.]?[”\"]")
_LABEL = re.compile(r"\b(?:PDF|DOI|URL|Code|Project|Paper|Link)\s*:?\s*$", re.IGNORECASE)
_CITED_AS = re.compile(r"^[\w-]+\s+\([^)]*et al[^)]*\)\s+")
_END = re.compile(r"(?<!\b[A-Z])(?<!\bvs)(?<!\bal)(?<!\bProc)(?<!\bNo)(?<!\bChapter \d\d)[.?!]\s+(?=\S)")
_COMMA = re.compile(r"\s*[,;]\s*(?!\d{3}\b)")
_AND = re.compile(r"^(?:and|&)\s+|\s+(?:and|&)\s+")
_CUT_VENUE = re.compile(
    r"[,.]?\s*\b(?:(?:vol(?:ume)?|pp|pages?|no)\b|ar[Xx]iv:|abs/).*$|\s\d+, \d.*$|\s?\((?:Volume\b.*)?$", re.IGNORECASE
)
_KEEPS_ITS_PLACE = re.compile(r"thesis|report", re.IGNORECASE)
_DEPARTMENTS = ("School of", "Electrical Engineering")
_MARKS = " ,;.-–"


@dataclass(frozen=True)
class Reference:
    """The parts of a reference, as listed. What it does not give is empty."""

    title: str = ""
    authors: str = ""
    venue: str = ""
    year: int | None = None


def parts(text: str) -> Reference:
    """The parts of the text before the first link of a reference."""
    text = _CITED_AS.sub("", " ".join(text.split()))
    while label := _LABEL.search(text):
        text = text[: label.start()].rstrip(_MARKS)
    dates = [found for found in _DATE.finditer(text) if not _inside_words(text, found)]
    year = next((int(found[1]) for found in dates or _DATE.finditer(text)), None)
    if quoted := _QUOTED.search(text):
        before, after = text[: quoted.start()], text[quoted.end() :]
        authors = _split(_blocks(before, list(_DATE.finditer(before)))).authors
        return Reference(quoted[1].strip(), authors, _venue_in(after), year)
    return replace(_split(_blocks(text, dates)), year=year)


def _inside_words(text: str, found: re.Match[str]) -> bool:
    """Whether the number belongs to what stands around it, as in ``WNMT 2018: 800 words``."""
    return text[found.end() : found.end() + 1] in ("-", ":") or text[: found.start()].endswith("arXiv:")


def _blocks(text: str, dates: list[re.Match[str]]) -> list[str]:
    """The text cut at its dates, and at the ends of its sentences."""
    blocks, start = [], 0
    for found in dates:
        blocks.append(text[start : found.start()])
        start = found.end()
    blocks.append(text[start:])
    sentences = (sentence for block in blocks for sentence in _END.sub(_line_end, block).split("\n"))
    return [words for sentence in sentences if (words := _bare(sentence))]


def _line_end(end: re.Match[str]) -> str:
    """A question mark belongs to the title that it ends; a full stop does not."""
    return f"{end[0][0].strip('.')}\n"


def _bare(sentence: str) -> str:
    """The words without the marks that a date beside them has left."""
    return sentence.strip(_MARKS).removesuffix("(").removeprefix(")").removesuffix(" In").strip(_MARKS)


def _split(blocks: list[str]) -> Reference:
    """Authors, title and venue: names come in runs; the first words that are neither names nor venue are the title."""
    authors: list[str] = []
    title = venue = ""
    for words, where in (part for block in blocks for part in _around_venue(block)):
        venue = venue or where
        names, rest, after = _names_and_rest(words)
        if not (authors and title):
            authors += names
        if rest and not title:
            title = rest
            authors += after
    return Reference(title, ", ".join(authors), venue)


def _around_venue(block: str) -> list[tuple[str, str]]:
    """The words before a venue with the venue, and what follows it: the title, where only names stand before it."""
    found = _VENUE.search(block)
    if not found:
        return [(block, "")]
    before = block[: found.start()].strip(_MARKS)
    if not before or _names_and_rest(before)[1]:
        return [(before, _venue_in(block))]
    venue, _, after = block[found.end() :].partition(",")
    return [(before, _venue(venue)), (after.strip(), "")]


def _venue_in(words: str) -> str:
    """The first venue in the words that is more than the authors' department."""
    venues = (_venue(words[found.end() :]) for found in _VENUE.finditer(words))
    return next((venue for venue in venues if venue and not venue.startswith(_DEPARTMENTS)), "")


def _venue(words: str) -> str:
    """The venue without volume, pages and place; a thesis keeps its university."""
    words = _CUT_VENUE.sub("", words).strip(" ,;.:")
    return words if _KEEPS_ITS_PLACE.search(words) else words.partition(",")[0]


def _names_and_rest(words: str) -> tuple[list[str], str, list[str]]:
    """Names at the beginning, the words after them, and the names after those where the words came first."""
    pieces = [piece.strip() for cut in _COMMA.split(words) for piece in _people(cut) if piece.strip()]
    count = next((number for number, piece in enumerate(pieces) if not is_name(piece)), len(pieces))
    rest = words[words.find(pieces[count]) :] if count < len(pieces) else ""
    if count or not rest:
        return pieces[:count], rest, []
    return [], *_title_then_names(rest)


def _people(cut: str) -> list[str]:
    """What stands between two commas: two names where an "and" joins names, else all of it."""
    people = _AND.split(cut.strip())
    return people if is_name(people[-1]) else [cut]


def _title_then_names(rest: str) -> tuple[str, list[str]]:
    """A title, and the names that follow it: at least two of them, so that a comma in a title is none."""
    pieces = _COMMA.split(rest)
    for number in range(1, len(pieces) - 1):
        if is_name(pieces[number]) and is_name(pieces[number + 1]):
            title = rest[: rest.find(pieces[number])].strip(" ,;")
            return _without_glued_name(title, pieces[number:])
    return rest, []


def _without_glued_name(title: str, names: list[str]) -> tuple[str, list[str]]:
    """A title that the first author's name follows without a comma."""
    words = title.split()
    last = " ".join(words[-2:])
    if len(words) > 4 and is_name(last) and not any(map(is_title_word, words[-2:])):
        return " ".join(words[:-2]), [last, *names]
    return title, names
