"""Text classification: which class is a text, or a pair of texts, of?"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from prunarium.bench.data_files import DataFiles
from prunarium.bench.hub_texts import TextModel
from prunarium.bench.responses import best_classes
from prunarium.bench.samples import Inputs, for_model
from prunarium.bench.text_samples import Encoded, Task, Texts
from prunarium.errors import PrunariumError, some_of

BATCH = 32
_NAMELESS = re.compile(r"LABEL_\d+")


def class_scores(model: nn.Module, inputs: Inputs) -> Tensor:
    """Class scores of a text classifier ``[batch, classes]``."""
    return model(**for_model(inputs)).logits


def classified(hub: TextModel, files: DataFiles, columns: Mapping[str, str], count: int | None) -> Task:
    """The texts of a dataset and their classes.

    Classes go by their names where model and dataset have the same ones, else by their numbers. Texts are cut to what
    the model reads at once.

    Raises:
        PrunariumError: a row has no text, or a label that is no class of the model.
    """
    if hub.model.config.num_labels < 2:
        raise PrunariumError(f"{hub.name}: gives one number and no classes; give a checkpoint that classifies")
    names = [columns[role] for role in ("text", "pair", "label") if role in columns]
    rows = list(files.rows(names, count))
    known = _Classes(hub, files, columns["label"])
    pairs = [_texts(files, number, row, columns) for number, row in rows]
    labels = [known.number(number, row[columns["label"]]) for number, row in rows]
    encoded = [_encoded(hub, texts) for texts in pairs]
    cut = sum(long for _, long in encoded)
    cut_note = f"{cut} of {len(rows)} texts are longer than the {hub.longest} tokens that the model reads, and are cut"
    return Task(
        data=Texts(
            rows=[one for one, _ in encoded],
            content=[f"{texts}: {label}" for texts, label in zip(pairs, labels, strict=True)],
            labels=torch.tensor(labels),
            pad=hub.pad,
            spell=hub.spell,
            captions=[texts[0] for texts in pairs],
        ),
        answer=class_scores,
        respond=best_classes(class_scores),
        batch=BATCH,
        large_batch=BATCH,
        note="; ".join(filter(None, (known.note, cut_note if cut else ""))),
    )


def _texts(files: DataFiles, number: int, row: Mapping[str, Any], columns: Mapping[str, str]) -> list[str]:
    found = [row[columns[role]] for role in ("text", "pair") if role in columns]
    for name, text in zip((columns[role] for role in ("text", "pair") if role in columns), found, strict=True):
        if not isinstance(text, str) or not text.strip():
            raise PrunariumError(f"{files.path}: row {number} has no text in column '{name}'; leave such rows out")
    return found


def _encoded(hub: TextModel, texts: Sequence[str]) -> tuple[Encoded, bool]:
    """The tokens of a text or pair, and whether they had to be cut."""
    made = hub.tokenizer(*texts, verbose=False)
    long = len(made["input_ids"]) > hub.longest
    if long:
        made = hub.tokenizer(*texts, truncation=True, max_length=hub.longest)
    return {name: made[name] for name in ("input_ids", "token_type_ids") if name in made}, long


class _Classes:
    """Which of the model's classes a label is."""

    def __init__(self, hub: TextModel, files: DataFiles, column: str) -> None:
        config = hub.model.config
        self.count, self.path, self.note = config.num_labels, files.path, ""
        own = [str(config.id2label[number]) for number in range(config.num_labels)]
        self.own = {name.casefold(): number for number, name in enumerate(own)}
        named = files.class_names(column)
        nameless = all(_NAMELESS.fullmatch(name) for name in own)
        self.theirs: list[int] = []
        if named and not nameless:
            if {name.casefold() for name in named} <= self.own.keys():
                self.theirs = [self.own[name.casefold()] for name in named]
            else:
                self.note = (
                    f"the dataset's classes ({some_of(named)}) go by number: the model calls them {some_of(own)}"
                )

    def number(self, row: int, label: Any) -> int:
        """The class of a row's label, by name or number."""
        if isinstance(label, str) and label.casefold() in self.own:
            return self.own[label.casefold()]
        if isinstance(label, int):
            most = len(self.theirs) or self.count
            if 0 <= label < most:
                return self.theirs[label] if self.theirs else int(label)
            raise PrunariumError(
                f"{self.path}: row {row} has label {label}, and there are classes 0 to {most - 1}; give a split with "
                "labels, and a model of the same classes"
            )
        raise PrunariumError(
            f"{self.path}: row {row} has label {label!r}, which is none of the model's classes "
            f"({some_of(list(self.own), 8)}); name the column with --column label=NAME"
        )
