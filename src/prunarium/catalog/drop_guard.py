"""Sees to it that nothing which was filled disappears unless somebody allows it: a record, a field, part of a list."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ConfigDict

from prunarium.catalog.files import field_name, read_yaml
from prunarium.catalog.places import shown_path
from prunarium.catalog.wording import shown
from prunarium.catalog.yaml_nodes import Place
from prunarium.errors import PrunariumError, did_you_mean
from prunarium.records import Record

UNKNOWN = "unknown"
"""What stands in a vocabulary's place where nobody knows: as good as nothing."""


class _AnyRecord(Record):
    """A file of any version of the project, whatever its fields are."""

    model_config = ConfigDict(extra="allow")


@dataclass(frozen=True)
class Drop:
    """A value that was there and is gone."""

    file: str
    field: str
    """Where it was, such as ``links.code[0].url``; empty for the whole record."""
    value: str
    """The old value, shortened."""

    @property
    def record_id(self) -> str:
        """The record that it was in."""
        return Path(self.file).stem

    def __str__(self) -> str:
        permit = f"--allow-drop {self.record_id}{':' if self.field else ''}{self.field}"
        if not self.field:
            return (
                f"{self.file}:1: is gone; put it back, or let the record that it became name it in 'aliases' ({permit})"
            )
        return f"{self.file}:1: {self.field}: was {self.value} and is gone; put it back ({permit})"


def dropped(file: str, old: Any, new: Any) -> list[Drop]:
    """What ``old`` holds and ``new`` lacks, both of them plain data.

    A value that another one takes the place of is changed and not dropped. A list must stay as long as it was, and a
    mapping in a list must keep its first value (the ``list`` of a mention, the ``url`` of a repository), a mention its
    line or its title too.
    """
    return [Drop(file, field_name(place), shown(", ".join(_values(value)))) for place, value in _gone(old, new, ())]


def refuse_drops(file: str, old: Any, new: Any, allowed: Collection[str] = ()) -> None:
    """Refuse a change that drops something. ``allowed`` holds ``id`` or ``id:field``.

    Raises:
        PrunariumError: something would be gone that is not allowed to.
    """
    lost = [drop for drop in dropped(file, old, new) if not is_allowed(drop, allowed)]
    if lost:
        fields = ", ".join(f"{drop.field} ({drop.value})" if drop.field else "the record" for drop in lost)
        raise PrunariumError(f"{file}:1: would lose {fields}; nothing was written, as nothing is dropped in silence")


def is_allowed(drop: Drop, allowed: Collection[str]) -> bool:
    """Whether somebody allows the drop: of the whole record, of the field, or of what the field is a part of."""
    for permit in allowed:
        record_id, _, field = permit.partition(":")
        inside = not field or drop.field == field or drop.field.startswith((f"{field}.", f"{field}["))
        if record_id == drop.record_id and inside:
            return True
    return False


def dropped_since(root: Path, older: Path, allowed: Collection[str] = ()) -> list[Drop]:
    """What the ``catalog/`` of another copy has and this one lacks. A record that got another id is not gone.

    Raises:
        PrunariumError: the other folder is no copy, one of its files cannot be read, or what is allowed is in no file.
    """
    files = sorted((older / "catalog").rglob("*.yaml"))
    if not files:
        raise PrunariumError(f"{older} holds no catalog/ with records; name the folder of another copy")
    _check_permits(allowed, [path.stem for path in files])
    former = _former_ids(root)
    found: list[Drop] = []
    for path in files:
        name = shown_path(older, path)
        here = former.get(path.stem, root / name) if path.parent.name == "papers" else root / name
        new = _plain(here, shown_path(root, here)) if here.is_file() else None
        found += dropped(name, _plain(path, str(path)), new)
    return [drop for drop in found if not is_allowed(drop, allowed)]


def _check_permits(allowed: Collection[str], record_ids: list[str]) -> None:
    for permit in allowed:
        record_id = permit.partition(":")[0]
        if record_id not in record_ids:
            guess = did_you_mean(record_id, record_ids)
            raise PrunariumError(f"--allow-drop {permit}: there was no record '{record_id}'{guess}; correct it")


def _former_ids(root: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in sorted((root / "catalog" / "papers").glob("*.yaml")):
        for alias in _plain(path, shown_path(root, path)).get("aliases") or ():
            found[str(alias)] = path
    return found


def _plain(path: Path, file: str) -> dict[str, Any]:
    return read_yaml(path, _AnyRecord, file).model_extra or {}


def _values(value: Any) -> Iterator[str]:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in parts:
        yield from _values(part)
    if _shape(value) is None and not _is_blank(value):
        yield str(value)


def _is_blank(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip() in ("", UNKNOWN)
    if isinstance(value, dict):
        return all(_is_blank(part) for part in value.values())
    if isinstance(value, list):
        return all(_is_blank(part) for part in value)
    return value is None


def _gone(old: Any, new: Any, place: Place) -> Iterator[tuple[Place, Any]]:
    if _is_blank(old):
        return
    if _is_blank(new) or _shape(old) != _shape(new):
        yield place, old
    elif isinstance(old, dict):
        for key, value in old.items():
            yield from _gone(value, new.get(key), (*place, key))
    elif isinstance(old, list):
        yield from _gone_from_list(old, new, place)


def _shape(value: Any) -> type | None:
    return next((kind for kind in (dict, list) if isinstance(value, kind)), None)


def _gone_from_list(old: list[Any], new: list[Any], place: Place) -> Iterator[tuple[Place, Any]]:
    """Each old part is paired with the new one that it is, or became; those that are left are gone."""
    free = [part for part in new if not _is_blank(part)]
    changed: list[tuple[int, Any]] = []
    for position, part in enumerate(old):
        if part in free:
            free.remove(part)
        elif not _is_blank(part):
            changed.append((position, part))
    values = [position for position, part in changed if _shape(part) is None]
    replaced = len(values) <= sum(_shape(part) is None for part in free)
    for position, part in changed:
        if position in values:
            yield from () if replaced else [((*place, position), part)]
            continue
        partner = max((one for one in free if _became(part, one)), key=lambda one: _common(part, one), default=None)
        if partner is not None:
            free.remove(partner)
        yield from _gone(part, partner, (*place, position))


def _became(old: Any, new: Any) -> bool:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return False
    first = next(iter(old))
    same_place = "line" not in old or any(old.get(key) == new.get(key) for key in ("line", "title"))
    return old[first] == new.get(first) and same_place and 2 * _common(old, new) >= len(old)


def _common(old: Any, new: Any) -> int:
    return sum(key in new and new[key] == value for key, value in old.items())
