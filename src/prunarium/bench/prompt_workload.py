"""What a method for prompts is run on: prompts, the model that answers them, and a scorer."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from prunarium.bench.benchmarks import next_word
from prunarium.bench.environment import weights_hash
from prunarium.bench.precisions import PRECISIONS, rounded_weights
from prunarium.bench.prompt_benchmarks import AskedTexts, PromptBenchmark
from prunarium.bench.samples import Inputs, check_count
from prunarium.errors import PrunariumError
from prunarium.families import CompressedPrompt, PromptMethod, Scorer
from prunarium.records.score import Precision


@dataclass(frozen=True)
class PromptWorkload:
    """Prompts, and the models of their benchmark.

    Attributes:
        model: that answers.
        scorer: that tells how surprising words are.
        tokenizer: of the model that answers: the budget is in its tokens.
        weights: the hash of both models' weights.
    """

    model: Any
    scorer: Scorer
    tokenizer: Any
    data: AskedTexts
    benchmark: PromptBenchmark
    device: torch.device
    weights: str
    seed: int = 0
    precision: Precision = "float32"
    warning: str = ""

    @property
    def model_name(self) -> str:
        """That of the benchmark, which brings its models."""
        return self.benchmark.name

    @property
    def large_batch(self) -> int:
        """A batch size at which throughput is measured."""
        return self.benchmark.large_batch

    @functools.cached_property
    def data_checksum(self) -> str:
        """sha256 of the data."""
        return self.data.checksum()

    def compress(self, method: PromptMethod, which: Sequence[int]) -> list[CompressedPrompt]:
        """What a method leaves of some prompts; the question stays."""
        scorer = self.scorer if method.scores_with is Scorer else None
        return [
            method.compress(
                self.data.prompts[one], question=self.data.questions[one], scorer=scorer, tokenizer=self.tokenizer
            )
            for one in which
        ]

    def whole(self, which: Sequence[int]) -> list[str]:
        """Some prompts as they are."""
        return [self.data.prompts[one] for one in which]

    def read(self, prompts: Sequence[str]) -> Inputs:
        """What the model that answers is given: the shorter ones are padded on the left."""
        return dict(self.tokenizer(list(prompts), padding=True, return_tensors="pt").to(self.device))

    def prefill(self, prompts: Sequence[str]) -> torch.Tensor:
        """Read prompts up to the scores of the first word that is said ``[prompts, vocabulary]``."""
        return next_word(self.model, self.read(prompts)).float()


def prompt_workload(
    benchmark: PromptBenchmark,
    device: torch.device,
    samples: int | None = None,
    precision: Precision = "float32",
    seed: int = 0,
) -> PromptWorkload:
    """A benchmark with the models that the package ships for it.

    Raises:
        PrunariumError: it does not have so many samples, or this version ships no weights for it.
    """
    for path in (benchmark.weights, benchmark.scorer_weights):
        if not path.is_file():
            raise PrunariumError(
                f"{benchmark.name} needs {path.name}, which this version does not ship; update prunarium"
            )
    data = benchmark.data()
    both = nn.ModuleList([benchmark.model(), benchmark.scorer()])
    weights = weights_hash(both)
    rounded: Any = rounded_weights(both, PRECISIONS[precision]).to(device)
    model, scorer = rounded
    tokenizer = benchmark.tokenizer()
    return PromptWorkload(
        model=model,
        scorer=Scorer(scorer, tokenizer),
        tokenizer=tokenizer,
        data=data.first(check_count(samples, len(data), benchmark.name)),
        benchmark=benchmark,
        device=device,
        weights=weights,
        seed=seed,
        precision=precision,
    )


def check_scorer(method: PromptMethod, name: str, benchmark: PromptBenchmark) -> None:
    """Refuse a method whose scorer the benchmark does not have.

    Raises:
        PrunariumError: it scores with something other than a language model.
    """
    if method.scores_with not in (None, Scorer):
        raise PrunariumError(
            f"{name} scores with a {method.scores_with.__name__}, and {benchmark.name} has a language model alone; "
            f"'prunarium compress {name}' runs it with yours"
        )
