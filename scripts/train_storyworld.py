"""Train the three small language models of storyworld (10 to 20 minutes each on one core).

    python scripts/train_storyworld.py encoder OUT.safetensors
    python scripts/train_storyworld.py decoder OUT.safetensors
    python scripts/train_storyworld.py scorer OUT.safetensors

Each begins with stories of 64 words; half-way they become as long as the benchmark's.

- encoder: one question before each story. One answer is little to learn from, so at first each mention of a person or
  thing is also to tell where that is (and was, of a person), by heads that are thrown away. What lies about is learned
  last, so from a quarter to a half of the training most questions ask for it.
- decoder: every fact of a story is asked for, each question with its answer behind the same story, as if it were alone;
  beside that, the story's own words are to be foretold. Half-way up, each token is also to tell whom and what its
  sentence has named so far, and the last ones which kind of fact it states, or its question asks for: without that no
  question finds its sentence within 2,000 steps, with it most do within 200. In half of the stories the sentences are
  far apart by their positions, and in the end every fourth step has a long story: it also reads those of 2,048 words.
- scorer: stories with question and answer, word by word; in every second one the question comes first.

Warm-up and gradient clipping are needed. Queries and keys begin alike, so that from the start a token looks at its
like: then the encoder finds whom a question is about within 1,500 steps of short stories, else not within 3,000.

The files that ship were made with stops, while this recipe was found, so no single run gives them: the encoder in
12,800 steps, of which the last 3,500 asked mostly for things that are carried, the decoder in 4,000. The scorer is
one run of 2,000 steps: 1.04 nats a word of the benchmark's longest stories.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from learning import learn
from packing import layout, packed
from prunarium.bench import storyworld
from prunarium.bench.benchmarks import EmbeddedBenchmark
from prunarium.bench.models import load_weights, save_weights
from prunarium.bench.story_benchmarks import DECODER_WORDS, ENCODER_WORDS, STORYWORLD_DECODER, STORYWORLD_ENCODER
from prunarium.bench.story_models import HEADS, story_bert, story_llama, story_scorer
from prunarium.bench.story_telling import NOTHING
from prunarium.bench.story_words import (
    BOS,
    CARRIED,
    KINDS,
    LYING,
    NAMES,
    PAD,
    PAST,
    PERSON,
    PLACES,
    PRESENT,
    THING,
    VOCABULARY,
)
from prunarium.bench.storyworld import LONGEST, QUESTION_WORDS, SHORTEST, Asked, Stories
from story_topics import TOPICS, sentences, topic_loss

CHECKED = 200  # stories, of another seed than the benchmark's and the training's
CHECK_SEED = 1
READING = 0.3  # weight of the story's own words beside the answers


class Lesson(ABC):
    """How one of the models learns.

    Attributes:
        model: that is kept.
        learner: it, with what else learns.
        layers: of the model, to be compiled one by one.
        words: of a story in the end.
        longest: of some stories in the end.
        batch: stories in a step in the end; more while they are short.
        rate: peak learning rate.
        steps: usual number.
    """

    model: Any
    learner: nn.Module
    layers: Sequence[Any]
    words: int
    longest: int
    batch: int
    rate: float
    steps: int

    @abstractmethod
    def loss(self, count: int, seed: int, words: int, progress: float) -> Tensor:
        """Of so many stories of so many words, at so much of the training, 0 to 1."""

    @abstractmethod
    def check(self) -> dict[str, float]:
        """How good the model is."""


class EncoderLesson(Lesson):
    """The question's class, and at first the place of everything that is mentioned."""

    words = longest = ENCODER_WORDS
    batch, rate, steps = 32, 1e-3, 6000

    def __init__(self) -> None:
        self.model = story_bert()
        self.layers: Sequence[Any] = list(self.model.bert.encoder.layer)
        self.mentions = nn.Linear(self.model.config.hidden_size, 2 * len(PLACES))
        self.learner = nn.ModuleList([self.model, self.mentions])
        for layer in self.layers:
            begin_alike(layer.attention.self.query, layer.attention.self.key)
        table = self.model.bert.embeddings.position_embeddings.weight
        with torch.no_grad():
            table.copy_(sinusoids(*table.shape) * self.model.config.initializer_range)

    def loss(self, count: int, seed: int, words: int, progress: float) -> Tensor:
        lying_things = 1 / 4 < progress <= 1 / 2 and seed % 3 > 0
        asked = storyworld.generate(count, seed, words, kinds=("lying",) if lying_things else KINDS)
        ids, types = (torch.from_numpy(part) for part in asked.pairs())
        output = self.model.bert(ids, token_type_ids=types, output_hidden_states=True)
        answered = cross_entropy(self.model.classifier(output.pooler_output), torch.from_numpy(asked.places()))
        found = self.mentions(output.hidden_states[-2]).unflatten(-1, (2, len(PLACES)))  # the last layer reads them
        due = marks(asked.stories, ids)
        question = slice(1, 1 + QUESTION_WORDS)
        mentioned = sum(
            cross_entropy(found[:, part].flatten(0, 2), due[:, part].flatten(), ignore_index=NOTHING)
            for part in (slice(None), question)
        )
        return answered + min(1.0, 2 - 2 * progress) * mentioned

    def check(self) -> dict[str, float]:
        return shares_of_right(STORYWORLD_ENCODER, self.model)


class DecoderLesson(Lesson):
    """The answers to all that could be asked about a story, the story's own words, and what sentences are about."""

    words, longest = DECODER_WORDS, 4 * DECODER_WORDS
    batch, rate, steps = 8, 1e-3, 5000

    def __init__(self) -> None:
        self.model = story_llama()
        self.layers = _layers_that_match(self.model)
        self.topics = nn.Linear(self.model.config.hidden_size, TOPICS)
        self.learner = nn.ModuleList([self.model, self.topics])

    def loss(self, count: int, seed: int, words: int, progress: float) -> Tensor:
        if seed % 4:
            stories = storyworld.generate(count, seed, words).stories
        else:
            stories = storyworld.running_text(count, seed, max(SHORTEST, words - QUESTION_WORDS))
        return answering_loss(self.model, self.topics, stories, seed)

    def check(self) -> dict[str, float]:
        return shares_of_right(STORYWORLD_DECODER, self.model)


class ScorerLesson(Lesson):
    """Every word of stories, questions and answers."""

    words = longest = DECODER_WORDS
    batch, rate, steps = 16, 2e-3, 2000

    def __init__(self) -> None:
        self.learner = self.model = story_scorer()
        self.layers = _layers_that_match(self.model)

    def loss(self, count: int, seed: int, words: int, progress: float) -> Tensor:
        return reading_loss(self.model, dialogues(storyworld.generate(count, seed, words)))

    @torch.inference_mode()
    def check(self) -> dict[str, float]:
        texts = dialogues(storyworld.generate(CHECKED, CHECK_SEED, self.words))
        return {"nats a word": float(reading_loss(self.model, texts))}


class Part(StrEnum):
    """Which of the models."""

    encoder = "encoder"
    decoder = "decoder"
    scorer = "scorer"


LESSONS: dict[Part, type[Lesson]] = {
    Part.encoder: EncoderLesson,
    Part.decoder: DecoderLesson,
    Part.scorer: ScorerLesson,
}


@torch.no_grad()
def begin_alike(query: nn.Linear, key: nn.Linear) -> None:
    """Give each key head the weights of the first query head that uses it."""
    heads = query.weight.view(HEADS, -1, query.in_features)
    used = HEADS * key.out_features // query.out_features
    key.weight.copy_(heads[:: HEADS // used].flatten(0, 1))


def _layers_that_match(model: Any) -> list[Any]:
    layers = list(model.model.layers)
    for layer in layers:
        begin_alike(layer.self_attn.q_proj, layer.self_attn.k_proj)
    return layers


def sinusoids(positions: int, width: int) -> Tensor:
    """Positions as sines and cosines of many wave lengths ``[positions, width]``: from the beginning a layer can find
    the neighbour of a token, which learning each position by itself takes long to teach."""
    angles = torch.arange(positions)[:, None] * 10_000 ** -torch.linspace(0, 1, width // 2)
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def marks(stories: Stories, ids: Tensor) -> Tensor:
    """Where the person or thing that a token names is, and where the person was; ``NOTHING`` for other tokens.

    Args:
        stories: what is told.
        ids: tokens about them ``[count, tokens]``.

    Returns:
        places ``[count, tokens, 2]``.
    """
    places = stories.places()
    table = np.full((len(places), len(VOCABULARY), 2), NOTHING)
    people, things = (slice(start, start + len(NAMES)) for start in (PERSON, THING))
    table[:, people, 0], table[:, people, 1] = places[:, PRESENT], places[:, PAST]
    table[:, things, 0] = np.maximum(places[:, CARRIED], places[:, LYING])  # a thing is in one of them or in neither
    return torch.from_numpy(np.take_along_axis(table, ids.numpy()[..., None], axis=1))


def all_questions(stories: Stories) -> tuple[Tensor, Tensor]:
    """Prompts that ask for each fact of each story ``[count, questions, tokens]``, and answers
    ``[count, questions, words]``."""
    asked = storyworld.every_question(stories)
    prompts, answers = (torch.from_numpy(part) for part in (asked.prompts(), asked.answers()))
    shape = (len(stories.words), -1)
    return prompts.unflatten(0, shape), answers.unflatten(0, shape)


def far_apart(stories: Stories, seed: int) -> Tensor:
    """Positions of bos, the words of stories and the word behind them ``[count, 1 + words + 1]``.

    In every second story sentences are apart, as if others between them had been taken out of up to 2,048 words.
    """
    rng = np.random.default_rng(seed)
    count, words = stories.sentence.shape
    room = np.where(np.arange(count) % 2, rng.integers(LONGEST - words, size=count), 0)
    sentences = stories.sentence[:, -1] + 1
    gaps = np.zeros((count, sentences.max()), dtype=np.int64)
    for row, (free, many) in enumerate(zip(room, sentences, strict=True)):
        gaps[row, :many] = rng.multinomial(free, np.full(many, 1 / many))
    before = np.take_along_axis(gaps.cumsum(axis=1), stories.sentence, axis=1)
    before = np.pad(np.pad(before, ((0, 0), (0, 1)), mode="edge"), ((0, 0), (1, 0)))
    return torch.from_numpy(before + np.arange(before.shape[1]))


def answering_loss(model: Any, topics: nn.Module, stories: Stories, seed: int) -> Tensor:
    """Of the words of all answers, of the stories' own, and of what ``topics`` tells half-way up the layers."""
    prompts, answers = all_questions(stories)
    shared = 1 + stories.words.shape[1]
    ids, told = packed(prompts, answers, shared, silent=PAD)
    length = QUESTION_WORDS + answers.shape[2] - 1
    position_ids, mask = layout(far_apart(stories, seed), prompts.shape[1], length)
    output = model(
        input_ids=ids,
        position_ids=position_ids,
        attention_mask=mask.expand(len(ids), -1, -1, -1),
        use_cache=False,
        output_hidden_states=True,
    )
    logits, half_way = output.logits, output.hidden_states[len(output.hidden_states) // 2]
    answered = cross_entropy(logits[:, shared:].flatten(0, 1), told[:, shared:].flatten(), ignore_index=PAD)
    read = cross_entropy(logits[:, : shared - 1].flatten(0, 1), ids[:, 1:shared].flatten())
    about = topic_loss(topics(half_way), stories, ids, sentences(stories, prompts.shape[1], length))
    return answered + READING * (read + about)


def dialogues(asked: Asked) -> Tensor:
    """bos, a story and its question, or in every second row the question first, and the answer ``[count, tokens]``."""
    story, question = asked.stories.words, asked.questions()
    first = np.arange(len(story))[:, None] % 2 == 1
    both = np.where(first, np.hstack([question, story]), np.hstack([story, question]))
    return torch.from_numpy(np.hstack([np.full((len(story), 1), BOS), both, asked.answers()]))


def reading_loss(model: Any, ids: Tensor) -> Tensor:
    """Of every word after those before it, padding left out ``[batch, tokens]``."""
    logits = model(input_ids=ids[:, :-1], use_cache=False).logits
    return cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), ignore_index=PAD)


@torch.inference_mode()
def shares_of_right(benchmark: EmbeddedBenchmark, model: nn.Module) -> dict[str, float]:
    """By kind of question: how often a model is right about stories that no benchmark asks about."""
    data = benchmark.make(CHECKED, CHECK_SEED)
    assert data.labels is not None
    model.eval()
    said = benchmark.respond(model, data.batch(0, len(data), torch.device("cpu"))).said
    model.train()
    right = benchmark.right(said, data.labels)
    return {kind: float(right[np.array(data.kinds) == kind].mean()) for kind in dict.fromkeys(data.kinds)}


def words_at(step: int, steps: int, words: int, longest: int) -> int:
    """Of the stories in a step, the first of which is 1."""
    if 2 * step <= steps:
        return SHORTEST
    return longest if step % 4 == 0 else words


def teach(
    lesson: Lesson, steps: int, out: Path, rate: float, grown: bool = False, every: int = 250, warm_up: int = 200
) -> None:
    """Train a model; check and write it every so many steps.

    Args:
        lesson: what it learns.
        steps: of the optimiser.
        out: file for the weights.
        rate: peak learning rate.
        grown: as if the first half of the training were over.
        every: steps from one check to the next.
        warm_up: steps in which the rate rises.
    """

    def loss(step: int) -> Tensor:
        done, due = (step + steps, 2 * steps) if grown else (step, steps)
        words = words_at(done, due, lesson.words, lesson.longest)
        return lesson.loss(max(2, lesson.batch * lesson.words // words), 10_000 + done, words, done / due)

    def tell(step: int) -> None:
        if step % every == 0 or step == steps:
            print(
                f"step {step}:", ", ".join(f"{what} {share:.3f}" for what, share in lesson.check().items()), flush=True
            )
            save_weights(lesson.model, out)

    learn([(lesson.learner, rate)], loss, steps, tell, warm_up)


def main(
    part: Annotated[Part, typer.Argument(help="which model")],
    out: Path,
    steps: Annotated[int | None, typer.Option(help="optimiser steps")] = None,
    rate: Annotated[float | None, typer.Option(help="peak learning rate")] = None,
    start: Annotated[Path | None, typer.Option(help="weights to go on from, with the longest stories")] = None,
    compiled: Annotated[bool, typer.Option("--compile", help="compile each layer: needs a C++ compiler")] = False,
    threads: int = 1,
) -> None:
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    lesson = LESSONS[part]()
    if start:
        load_weights(lesson.model, start).train()
    if compiled:
        for layer in lesson.layers:
            layer.compile()
    teach(lesson, steps or lesson.steps, out, rate or lesson.rate, grown=start is not None)


if __name__ == "__main__":
    typer.run(main)
