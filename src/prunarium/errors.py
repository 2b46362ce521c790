"""The one error that users are meant to see: one line that says what is wrong and what to do."""

import difflib
from collections.abc import Iterable, Sequence


class PrunariumError(Exception):
    """A fault of the input, not of the program. The command line prints it without a traceback."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`` (did you mean 'tome'?)``, or nothing when no known word is near."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f" (did you mean '{near[0]}'?)" if near else ""


def some_of(names: Sequence[str], shown: int = 3) -> str:
    """``a, b, c and 4 more``."""
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more
