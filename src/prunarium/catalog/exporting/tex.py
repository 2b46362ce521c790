"""Plain text as TeX: special characters escaped, capitals that a bibliography style must leave alone in braces."""

import re

# Braces are written as words: BibTeX counts those that a backslash precedes as well.
_ESCAPES = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{mark: f"\\{mark}" for mark in "&%$#_"},
    }
)
_LIGATURES = re.compile(r"([-`',<>])(?=\1)|[?!](?=`)")
_AROUND_WORD = re.compile(r"^(\W*)(.*?)(\W*)$", re.DOTALL)
_PARTS = re.compile(r"[-/\u2010-\u2015]")


def tex(text: str) -> str:
    """The text on one line, as TeX prints it. Letters beyond ASCII stay as they are (UTF-8)."""
    unlinked = _LIGATURES.sub("\\g<0>\0", " ".join(text.split()))
    return unlinked.translate(_ESCAPES).replace("\0", "{}")


def tex_title(title: str, name: str | None = None) -> str:
    """A title, with braces around each word whose capitals must stay: acronyms, mixed case, and the method's name."""
    names = set((name or "").split())
    return " ".join(_word(word, names) for word in title.split())


def _word(word: str, names: set[str]) -> str:
    found = _AROUND_WORD.match(word)
    before, core, after = found.groups() if found else ("", word, "")
    if not _keeps_capitals(core, names):
        return tex(word)
    inner = tex(core)
    # A group that begins with a backslash is one accented letter to BibTeX; a second pair of braces prevents that.
    return f"{tex(before)}{{{{{inner}}}}}{tex(after)}" if "\\" in inner else f"{tex(before)}{{{inner}}}{tex(after)}"


def _keeps_capitals(word: str, names: set[str]) -> bool:
    if not any(mark.isupper() for mark in word):
        return False
    parts = _PARTS.split(word)
    return (
        word in names
        or any(mark.isupper() for part in parts for mark in part[1:])
        or any(mark.isdigit() for mark in word)
        or any(len(part) == 1 and part.isupper() for part in parts if word != "A")
    )
