"""What must stay of a prompt whatever the budget."""

import re
from collections.abc import Collection, Iterable
from typing import Literal

from prunarium.families.prompt.spans import check_spans, joined
from prunarium.ops import Span

Protectable = Literal["code", "numbers"]

_CODE = re.compile(r"^(?P<fence>```+|~~~+)[^\n]*\n.*?(?:^(?P=fence)[^\n]*$|\Z)|`[^`\n]+`", re.DOTALL | re.MULTILINE)
_NUMBER = re.compile(r"[+-]?\d+(?:[.,:/]\d+)*%?")
_PATTERNS: dict[Protectable, re.Pattern[str]] = {"code": _CODE, "numbers": _NUMBER}


def protected_spans(
    text: str, question: str = "", kinds: Collection[Protectable] = (), spans: Iterable[Span] = ()
) -> list[Span]:
    """The spans that must stay, joined, each with the white space before it, so that no two words run together.

    Args:
        text: the prompt.
        question: where it stands in the prompt, it stays: its last occurrence, as questions come last.
        kinds: ``code`` is what stands between fences of grave accents or tildes, or between two grave accents in a
            line; ``numbers`` are digits, with the marks between them, a sign before and a per cent sign behind.
        spans: others.

    Raises:
        PrunariumError: a span is not in the text.
    """
    spans = list(spans)
    check_spans(spans, text)
    for kind in kinds:
        spans += [match.span() for match in _PATTERNS[kind].finditer(text)]
    if question and (place := text.rfind(question)) >= 0:
        spans.append((place, place + len(question)))
    return joined((_from_space(text, start), end) for start, end in spans)


def _from_space(text: str, start: int) -> int:
    while start > 0 and text[start - 1].isspace():
        start -= 1
    return start
