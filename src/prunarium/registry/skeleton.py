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
    "encoder": '''\
from typing import ClassVar

from prunarium.families import Attention, EncoderMethod, StagedMethod
from prunarium.ops import Tokens, keep_best


class {kind}(StagedMethod, EncoderMethod):
    """Keep the tokens that the others attend to most, drop the others.

    A beginning that runs. Say here in one sentence what the method does, and below it its paper and section.
    """

    needs: ClassVar[frozenset[str]] = frozenset({{"received_attention"}})

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        score = attention.received_attention[:, tokens.prefix :]
        return keep_best(tokens, score, self.kept_of_each(tokens))
''',
    "decoder": '''\
from torch import Tensor

from prunarium.families import BoundedMethod
from prunarium.ops import Entries, highest


class {kind}(BoundedMethod):
    """Keep the cache entries whose keys are longest, drop the others.

    A beginning that runs. Say here in one sentence what the method does, and below it its paper and section.
    """

    def keeps(self, entries: Entries, count: Tensor, layer: int) -> Tensor:
        return highest(entries.keys.norm(dim=-1), count, entries.visible)
''',
    "prompt": '''\
from collections.abc import Iterator

from prunarium.families import Prompt, PromptMethod, Ranked, sentences


class {kind}(PromptMethod):
    """Keep the longest sentences of a prompt, drop the others.

    A beginning that runs. Say here in one sentence what the method does, and below it its paper and section.
    """

    def rank(self, prompt: Prompt) -> Iterator[Ranked]:
        for start, end in sentences(prompt.text):
            yield Ranked(start, end, priority=end - start)
''',
}
_BENCHMARK = {
    "vit": "cluttered-digits",
    "vlm": "digit-grid",
    "encoder": "storyworld-encoder",
    "decoder": "storyworld-decoder",
}
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
_PROMPT_TEST = '''\
"""{name}: it shortens prompts as its setting says. Numbers of the official code, if any, go in here too."""

from pathlib import Path

from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

import prunarium

METHOD = {method}
TEXT = "The red ball is in the kitchen. Mary sleeps. John took the blue ball to the old garden behind the house."


def tokenizer():
    words = Tokenizer(models.WordLevel({{"[UNK]": 0}}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=words, unk_token="[UNK]")


def test_it_shortens_a_prompt():
    left = prunarium.load(METHOD, keep_rate=0.6).compress(TEXT, tokenizer=tokenizer())
    assert 0 < left.tokens_out <= 0.6 * left.tokens_in
    assert left.text == "".join(TEXT[start:end] for start, end in left.spans)


def test_keeping_every_token_changes_nothing():
    assert prunarium.load(METHOD, keep_rate=1.0).compress(TEXT, tokenizer=tokenizer()).text == TEXT
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
        test: _without_path(_test_text(card, family, place), in_tree),
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
        "encoder": "Keeps the tokens that the others attend to most and drops the others.",
        "decoder": "Keeps the cache entries whose keys are longest and drops the others.",
        "prompt": "Keeps the longest sentences of a prompt and drops the others.",
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


def _test_text(card: Card, family: str, place: str) -> str:
    if family == "prompt":
        return _PROMPT_TEST.format(name=card.name, method=place)
    return _TEST.format(name=card.name, method=place, benchmark=_BENCHMARK[family])


def _without_path(text: str, in_tree: bool) -> str:
    return text.replace("from pathlib import Path\n\n", "") if in_tree else text


def _shown(path: Path) -> Path:
    """From the folder that one is in, where it is below it."""
    relative = Path(os.path.relpath(path))
    return path if relative.parts[:1] == ("..",) else relative
