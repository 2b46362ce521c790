"""The folder of a new method, which runs as it is: its card, its class and its test."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from prunarium import paths
from prunarium.catalog.places import paper_files, schema_from
from prunarium.catalog.writing import to_yaml, write_text
from prunarium.errors import PrunariumError, did_you_mean
from prunarium.records import Card
from prunarium.records.base import Slug

_CLASS = {
    "vit": '''\
from prunarium.families import Attention, StagedMethod, VitMethod
from prunarium.ops import Tokens, in_order, top


class {kind}(StagedMethod, VitMethod):
    """Keep the tokens whose vectors are longest, drop the others.

    A beginning that runs. Say here in one sentence what the method does, and below it its paper and section.
    """

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        score = tokens.x[:, tokens.prefix :].norm(dim=-1)
        return tokens.keep(in_order(top(score, self.kept(tokens, block))))
''',
    "vlm": '''\
from typing import ClassVar

from prunarium.families import Attention, StagedMethod, VlmMethod
from prunarium.ops import Tokens, in_order, top


class {kind}(StagedMethod, VlmMethod):
    """Keep the image tokens that the last prompt token attends to most, drop the others.

    A beginning that runs. Say here in one sentence what the method does, and below it its paper and section.
    """

    needs: ClassVar[frozenset[str]] = frozenset({{"ahead_attention"}})

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        score = attention.ahead_attention.mean(dim=1)
        return tokens.keep(in_order(top(score, self.kept(tokens, block))))
''',
}
_BENCHMARK = {"vit": "cluttered-digits", "vlm": "digit-grid"}
_TEST = '''\
"""{name}: it reduces tokens as its setting says. Numbers of the official code, where there are any, go in here too."""

from pathlib import Path

import torch

import prunarium
from prunarium.bench.benchmarks import find_benchmark

METHOD = {method}
BENCHMARK = find_benchmark("{benchmark}")


def answers(model, inputs):
    with torch.inference_mode():
        return BENCHMARK.answer(model, inputs)


def test_it_reduces_and_comes_off_again():
    model, inputs = BENCHMARK.model(), BENCHMARK.data().batch(0, 4, torch.device("cpu"))
    before = answers(model, inputs)
    with prunarium.load(METHOD, keep_rate=0.5).apply(model) as handle:
        assert answers(model, inputs).isfinite().all()
        report = handle.report()
    assert report.budget < 1
    assert report.tokens_out == sorted(report.tokens_out, reverse=True)
    assert torch.equal(answers(model, inputs), before)


def test_keeping_every_token_changes_nothing():
    model, inputs = BENCHMARK.model(), BENCHMARK.data().batch(0, 4, torch.device("cpu"))
    before = answers(model, inputs)
    with prunarium.load(METHOD, keep_rate=1.0).apply(model) as handle:
        after = answers(model, inputs)
        assert handle.report().budget == 1
    assert torch.allclose(after, before, atol=1e-5)
'''


@dataclass(frozen=True)
class Written:
    """What was written: the folder, its files and the test, and what the command line calls the method."""

    folder: Path
    files: tuple[Path, ...]
    test: Path
    handle: str


def write_method(name: str, family: str, root: Path, *, paper: str | None = None, into: Path | None = None) -> Written:
    """Write the folder of a new method: in ``methods/`` of a tree with its test in ``tests/methods/``, or elsewhere.

    Args:
        name: the method's id.
        family: where it acts.
        root: the tree with ``catalog/`` and ``methods/``.
        paper: id of its paper.
        into: the folder to write ``name/`` into, where that is not ``methods/``; the test is then beside the class.

    Raises:
        PrunariumError: the name is none, is taken, there is no such family or paper, or nothing can be written.
    """
    check(name, family, paper, root)
    folder = (into or root / "methods") / name
    tests = root / "tests" / "methods"
    in_tree = into is None and tests.is_dir()
    test = (tests if in_tree else folder) / f"test_{name.replace('-', '_')}.py"
    for there in (folder, test):
        if there.exists():
            raise PrunariumError(f"{there}: is there already; choose another name, or remove it")
    place = f'"{name}"' if in_tree else "str(Path(__file__).parent)"
    card = _card(name, family, paper)
    files = {
        folder / "card.yaml": _card_text(card, folder / "card.yaml", root),
        folder / "method.py": _CLASS[family].format(kind=class_name(name)),
        test: _without_path(_TEST.format(name=card.name, method=place, benchmark=_BENCHMARK[family]), in_tree),
    }
    for path, text in files.items():
        write_text(path, text, "check the folder's permissions, or give another one with --into")
    handle = name if into is None and root == paths.root() else str(_shown(folder))
    return Written(_shown(folder), tuple(map(_shown, files)), _shown(test), handle)


def check(name: str, family: str, paper: str | None, root: Path) -> None:
    """Refuse a name that is no id, and a family or a paper that is not there."""
    try:
        TypeAdapter(Slug).validate_python(name)
    except ValidationError as error:
        words = "give lower-case words joined by hyphens, such as my-method"
        raise PrunariumError(f"'{name}' is no id of a method; {words}") from error
    known = tuple(_CLASS)
    if family not in known:
        raise PrunariumError(f"there is no family '{family}'{did_you_mean(family, known)}: {' or '.join(known)}")
    papers = [path.stem for path in paper_files(root)]
    if paper is not None and paper not in papers:
        raise PrunariumError(f"there is no paper '{paper}'{did_you_mean(paper, papers)}; 'prunarium add' adds one")


def class_name(name: str) -> str:
    """``MyMethod`` of ``my-method``; a name that begins with a digit gets a letter before it."""
    joined = "".join(word.capitalize() for word in name.split("-"))
    return joined if joined[0].isalpha() else f"M{joined}"


def _card(name: str, family: str, paper: str | None) -> Card:
    summary = {
        "vit": "Keeps the tokens whose vectors are longest and drops the others.",
        "vlm": "Keeps the image tokens that the last prompt token attends to most and drops the others.",
    }
    return Card.model_validate(
        {
            "id": name,
            "name": re.sub(r"(?<=.)(?=[A-Z])", " ", class_name(name)),
            "summary": summary[family],
            "paper": paper,
            "families": [family],
            "training_free": True,
            "baseline": paper is None,
            "parity": "none",
            "parity_reason": "new, nothing was compared yet",
        }
    )


def _card_text(card: Card, path: Path, root: Path) -> str:
    """With its schema on the first line, where that has the same place for everybody."""
    text = to_yaml(card, schema_from(root, path, "card"))
    return text if path.resolve().is_relative_to(root.resolve()) else text.partition("\n")[2]


def _without_path(text: str, in_tree: bool) -> str:
    return text.replace("from pathlib import Path\n\n", "") if in_tree else text


def _shown(path: Path) -> Path:
    """From the folder that one is in, where it is below it."""
    relative = Path(os.path.relpath(path))
    return path if relative.parts[:1] == ("..",) else relative
