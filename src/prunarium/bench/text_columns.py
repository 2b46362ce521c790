"""Which column of a dataset is what: by the names that are usual, or as a user says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from prunarium.errors import PrunariumError, did_you_mean, some_of


@dataclass(frozen=True)
class Role:
    """What a column may be.

    Attributes:
        usual: its usual names, the first that is there is taken.
        needed: whether there must be one.
    """

    usual: tuple[str, ...]
    needed: bool = True


Roles = Mapping[str, Role]
PAIRS = (("question", "sentence"), ("premise", "hypothesis"), ("sentence1", "sentence2"), ("question1", "question2"))
"""Columns of two texts that are classified together, in the order in which models are trained to read them."""

CLASSIFIED: Roles = {
    "text": Role(("text", "sentence", "content", "review")),
    "pair": Role((), needed=False),
    "label": Role(("label", "labels")),
}
ASKED: Roles = {
    "context": Role(("context", "passage", "document", "story")),
    "question": Role(("question", "query")),
    "answers": Role(("answers", "answer")),
}
FORETOLD: Roles = {"text": Role(("text", "content", "page"))}


def choose_columns(roles: Roles, there: Sequence[str], given: Mapping[str, str], where: str) -> dict[str, str]:
    """The column of each role that one is there for.

    Args:
        roles: that a benchmark has.
        there: names of the columns.
        given: columns that the user named, by role.
        where: the dataset, for errors.

    Raises:
        PrunariumError: a role or a column that was named does not exist, or none can be found for a role.
    """
    columns = some_of(sorted(there), 8)
    for role, name in given.items():
        if role not in roles:
            known = ", ".join(roles)
            raise PrunariumError(f"--column {role}={name}: there is no '{role}'{did_you_mean(role, roles)}; {known}")
        if name not in there:
            hint = did_you_mean(name, there)
            raise PrunariumError(f"{where}: has no column '{name}'{hint}; its columns are {columns}")
    found = {**_pair(roles, there), **given} if "text" not in given else dict(given)
    for role, one in roles.items():
        usual = next((name for name in one.usual if name in there), None)
        if role in found:
            continue
        if usual is not None:
            found[role] = usual
        elif one.needed:
            raise PrunariumError(
                f"{where}: has no column '{one.usual[0]}' for the {role}; its columns are {columns}; name the one that "
                f"is meant: --column {role}=NAME"
            )
    return found


def _pair(roles: Roles, there: Sequence[str]) -> dict[str, str]:
    if "pair" not in roles:
        return {}
    text, pair = next((both for both in PAIRS if set(both) <= set(there)), ("", ""))
    return {"text": text, "pair": pair} if text else {}
