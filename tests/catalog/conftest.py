"""A small valid tree of catalogue and methods, which tests may break."""

from collections.abc import Callable
from pathlib import Path

import pytest

VENUES = """\
# yaml-language-server: $schema=schemas/venues.schema.json
venues:
  - id: arxiv
    name: arXiv
    full_name: arXiv
    kind: preprint-server
  - id: icxl
    name: ICXL
    full_name: Imaginary Conference on Example Learning
    kind: conference
    aliases:
      - IEEE ICXL
"""

TAXONOMY = """\
# yaml-language-server: $schema=schemas/taxonomy.schema.json
modalities:
  - id: vision
    name: Vision
    definition: Pictures.
    rule: It reads pictures.
    examples:
      - alpha
  - id: language
    name: Language
    definition: Text.
    rule: It reads text.
categories:
  - id: token-pruning
    name: Token pruning
    definition: Tokens leave.
    rule: They do not come back.
kinds:
  - id: method
    name: Method
    definition: A way to do it.
    rule: It can be run.
training:
  - id: training-free
    name: Training-free
    definition: No training.
    rule: Weights stay.
  - id: unknown
    name: Unknown
    definition: Nobody looked.
    rule: The default.
"""

LISTS = """\
# yaml-language-server: $schema=schemas/lists.schema.json
lists:
  - id: pruning-list
    title: A List of Pruning Papers
    format: linked-bullets
    screened: true
  - id: tagged-list
    title: A List with Tags
    format: venue-bullets
    screened: true
  - id: table-list
    title: A List of Tables
    format: tables
    screened: false
  - id: reference-list
    title: A List of References
    format: references
    screened: false
"""

ALPHA = """\
# yaml-language-server: $schema=../schemas/paper.schema.json
id: alpha
title: 'Alpha: Forgetting Half of the Picture'
name: Alpha
authors:
  - Ada Example
  - José Ñandú
year: 2023
venue:
  id: icxl
  year: 2023
  status: published
kind: method
modalities:
  - vision
categories:
  - token-pruning
training: training-free
identifiers:
  arxiv: "2301.01230"
  doi: 10.1234/alpha
links:
  code:
    - url: https://github.com/example/alpha
      official: true
mentions:
  - list: pruning-list
    section: ICXL-2023
    line: 5
    title: 'Alpha: Forgetting Half of the Picture'
    venue: ICXL
    year: 2023
"""

BETA = """\
# yaml-language-server: $schema=../schemas/paper.schema.json
id: beta
title: Reading Every Other Word
authors:
  - Bo Sample
year: 2022
kind: method
modalities:
  - language
notes:
  - Its title was shorter once.
"""

CARD = """\
# yaml-language-server: $schema=../../catalog/schemas/card.schema.json
id: alpha
name: Alpha
summary: Forgets half of the picture.
paper: alpha
families: [vit]
training_free: true
parity: none
parity_reason: there is no official code
"""

FILES = {
    "catalog/venues.yaml": VENUES,
    "catalog/taxonomy.yaml": TAXONOMY,
    "catalog/lists.yaml": LISTS,
    "catalog/papers/alpha.yaml": ALPHA,
    "catalog/papers/beta.yaml": BETA,
    "methods/alpha/card.yaml": CARD,
}

Change = Callable[[str, str, str], None]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The root of a valid tree with two papers and one method."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def change(tree: Path) -> Change:
    """Replace a part of one file of the tree."""

    def replace(name: str, old: str, new: str) -> None:
        path = tree / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) >= 1, f"{name} does not hold {old!r}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return replace


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for tests that write the same file again and again."""
    return tmp_path_factory.mktemp("scratch")
