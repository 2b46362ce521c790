"""What a method does to the tokens of a few inputs as its budget falls: ``methods/<id>/token_maps.json``."""

import hashlib
import itertools
import json
from collections.abc import Iterable
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from prunarium.records.base import Record, Slug, Text
from prunarium.records.natural_key import KEY_LENGTH

KEPT, GONE, ASIDE = "*.-"
"""Marks of a patch: a token of its own; dropped; set aside, and put back at the end. A letter: merged with all that
have the same one."""
_MARKS = rf"^[{KEPT}{GONE}A-Za-z\{ASIDE}]+$"


class ShownInput(Record):
    """One input: its picture, and what it is."""

    picture: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+\.png$")] = Field(
        description="a file of site/assets/token-maps, shared by all methods"
    )
    caption: Text = Field(description="what is right")


class TokenMapStep(Record):
    """What is left of each input at one budget."""

    budget: Annotated[float, Field(gt=0, le=1)] = Field(description="mean tokens per block, of the untouched model's")
    setting: Text = Field(description="the method's repr, turned to the budget")
    maps: list[Annotated[str, StringConstraints(pattern=_MARKS)]] = Field(
        min_length=1,
        description="for each input, a mark for each patch, row by row, after the last block: '*' a token of its own, "
        "'.' dropped, '-' set aside, and letters for tokens that were merged: equal ones are in one token",
    )
    right: list[bool] = Field(description="for each input, whether the model still answers right")


class ShownModel(Record):
    """A benchmark with its model, on which a method ran."""

    benchmark: Slug = Field(description="an embedded one")
    revision: int = Field(ge=1, description="goes up when the benchmark's data change")
    weights: Text = Field(description="sha256 of the model's weights")
    learned: Text | None = Field(None, description="sha256 of the method's learned parts; empty: it has none")


class TokenMap(Record):
    """The inputs of one benchmark, from the largest budget to the smallest."""

    ran_on: ShownModel = Field(description="the benchmark, its model and the method's learned parts")
    rows: int = Field(ge=1, description="patches from top to bottom")
    columns: int = Field(ge=1, description="patches from left to right")
    inputs: list[ShownInput] = Field(min_length=1, description="what is shown")
    steps: list[TokenMapStep] = Field(
        min_length=1, description="budgets that the method cannot reach are left out; at 1 the model may be untouched"
    )

    @model_validator(mode="after")
    def _every_patch_has_a_mark(self) -> "TokenMap":
        for step in self.steps:
            if not len(step.maps) == len(step.right) == len(self.inputs):
                raise ValueError(f"budget {step.budget:g} needs a map and an answer for each of the inputs")
            if any(len(one) != self.rows * self.columns for one in step.maps):
                raise ValueError(f"budget {step.budget:g}: a map needs {self.rows * self.columns} marks, one per patch")
        budgets = [step.budget for step in self.steps]
        if any(one <= other for one, other in itertools.pairwise(budgets)):
            raise ValueError("the steps must go from the largest budget to the smallest")
        return self


class TokenMaps(Record):
    """The token maps of a method; one for each embedded benchmark of its families."""

    key: Annotated[str, StringConstraints(pattern=rf"^[0-9a-f]{{{KEY_LENGTH}}}$")] = Field(
        description="natural key: a hash of everything that ran"
    )
    method: Slug = Field(description="id, the name of its folder")
    method_version: int = Field(ge=1, description="that of its card; goes up when its results change")
    maps: list[TokenMap] = Field(description="one for each benchmark", min_length=1)


def token_maps_key(method: str, method_version: int, ran_on: Iterable[ShownModel]) -> str:
    """The natural key of token maps."""
    parts = {"method": method, "version": method_version, "ran_on": [one.model_dump() for one in ran_on]}
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:KEY_LENGTH]


def token_maps_key_of(maps: TokenMaps) -> str:
    """The key that token maps should have, from what they say of themselves."""
    return token_maps_key(maps.method, maps.method_version, [one.ran_on for one in maps.maps])
