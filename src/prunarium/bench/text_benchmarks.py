"""Benchmarks on a user's texts, with any text model from a directory (``--model DIR --data FILES``)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from prunarium.bench.benchmarks import Benchmark
from prunarium.bench.data_files import DataFiles
from prunarium.bench.hub_texts import TextModel
from prunarium.bench.text_answers import answered
from prunarium.bench.text_classes import classified
from prunarium.bench.text_columns import ASKED, CLASSIFIED, FORETOLD, Roles
from prunarium.bench.text_samples import Task
from prunarium.bench.text_spans import extracted
from prunarium.bench.text_words import foretold

Ask = Callable[[TextModel, DataFiles, Mapping[str, str], int | None], Task]


@dataclass(frozen=True, kw_only=True)
class TextBenchmark(Benchmark):
    """A benchmark on a user's dataset of texts, with any model from a directory that has the head it takes.

    Attributes:
        head: the ``Auto`` class of transformers.
        roles: what its columns are.
        ask: makes what the model is asked, of a model, the files, the column of each role, and a number of samples.
    """

    head: str
    roles: Roles
    ask: Ask


TEXT_CLASSIFICATION = TextBenchmark(
    name="text-classification",
    revision=1,
    family="encoder",
    summary="the class of each text, or pair of texts, of a Hugging Face dataset (--data)",
    metrics=("accuracy",),
    head="AutoModelForSequenceClassification",
    roles=CLASSIFIED,
    ask=classified,
)

EXTRACTIVE_QA = TextBenchmark(
    name="extractive-qa",
    revision=2,
    family="encoder",
    summary="the span of a text that answers a question, in a Hugging Face dataset such as SQuAD (--data)",
    metrics=("f1", "exact match"),
    head="AutoModelForQuestionAnswering",
    roles=ASKED,
    ask=extracted,
)

GENERATIVE_QA = TextBenchmark(
    name="generative-qa",
    revision=1,
    family="decoder",
    summary="answers, generated, to questions about a text, in a Hugging Face dataset such as SQuAD (--data)",
    metrics=("f1", "exact match"),
    head="AutoModelForCausalLM",
    roles=ASKED,
    ask=answered,
)

PERPLEXITY = TextBenchmark(
    name="perplexity",
    revision=1,
    family="decoder",
    summary="how well a text is foretold, 64 tokens at a time after a prompt of 512 (--data)",
    metrics=("next word",),
    head="AutoModelForCausalLM",
    roles=FORETOLD,
    ask=partial(foretold, context=512, words=64),
)

LONG_PERPLEXITY = TextBenchmark(
    name="long-perplexity",
    revision=1,
    family="decoder",
    summary="how well a text is foretold, 64 tokens at a time after a prompt of 3,968 (--data)",
    metrics=("next word",),
    head="AutoModelForCausalLM",
    roles=FORETOLD,
    ask=partial(foretold, context=3968, words=64),
)

TEXT_BENCHMARKS = {
    one.name: one for one in (TEXT_CLASSIFICATION, EXTRACTIVE_QA, GENERATIVE_QA, PERPLEXITY, LONG_PERPLEXITY)
}
