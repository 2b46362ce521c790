"""Cutting a text into paragraphs, sentences and phrases: spans that are together the whole text.

White space between two parts is the second one's.
"""

import re

from prunarium.families.prompt.spans import tiled
from prunarium.ops import Span

_BLANK_LINE = r"\n[^\S\n]*\n\s*"
_ABBREVIATION = r"(?<!\b[A-Z][a-z]\.)(?<!\b\w\.\w\.)"
_WORD = re.compile(r"\S+")
_SCRIPT_WITHOUT_SPACES = "\u3040-\u30ff\u3400-\u9fff"
_TERM = re.compile(rf"[{_SCRIPT_WITHOUT_SPACES}]|[^\W{_SCRIPT_WITHOUT_SPACES}]+")
_PAUSES = ",;:.!?)]}\"'"


def paragraphs(text: str) -> list[Span]:
    """Parts between blank lines."""
    return _parted(re.compile(_BLANK_LINE), text)


def sentences(text: str, ends: str = ".!?") -> list[Span]:
    """Parts that end with one of some marks, a closing quote perhaps behind it, or before a blank line.

    Abbreviations of one capital and one small letter (Mr.) and of single letters (e.g.) end none. Full stops of Chinese
    and Japanese need no white space behind them.
    """
    marks = re.escape(ends)
    latin = rf"(?:(?<=[{marks}])|(?<=[{marks}][\"')\]”’])){_ABBREVIATION}\s+"
    return _parted(re.compile(rf"{latin}|(?<=[。！？])|{_BLANK_LINE}"), text)


def phrases(text: str) -> list[Span]:
    """Function words and the content words behind them, up to the next function word or mark of punctuation.

    Liberman & Church, Text analysis and word pronunciation in text-to-speech synthesis, 1992: chinks and chunks.
    """
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    borders, behind_content, end = [], False, 0
    for word in _WORD.finditer(text):
        is_function = word[0].strip(_PAUSES).lower() in ENGLISH_STOP_WORDS
        if is_function and behind_content:
            borders.append(end)
        end, behind_content = word.end(), not is_function
        if word[0][-1] in _PAUSES:
            borders.append(end)
            behind_content = False
    return _closed(text, borders)


def terms(text: str) -> list[str]:
    """Words in small letters, for looking them up; of a script without spaces, its characters."""
    return _TERM.findall(text.lower())


def _parted(pattern: re.Pattern[str], text: str) -> list[Span]:
    return _closed(text, [match.start() for match in pattern.finditer(text)])


def _closed(text: str, borders: list[int]) -> list[Span]:
    """The parts between borders; white space at the beginning and the end makes no part of its own."""
    first, last = len(text) - len(text.lstrip()), len(text.rstrip())
    return tiled((border for border in borders if first < border < last), len(text))
