"""storyworld's benchmarks with random weights in place of trained ones: what is asked, said and judged."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from prunarium import load
from prunarium.bench import storyworld
from prunarium.bench.models import save_weights
from prunarium.bench.perplexity import surprises
from prunarium.bench.quality import Answers, answer, compare_foretelling, compare_kinds
from prunarium.bench.responses import right
from prunarium.bench.story_benchmarks import (
    FORETOLD,
    RUNNING_WORDS,
    STORY_BENCHMARKS,
    STORYWORLD_DECODER,
    STORYWORLD_ENCODER,
    STORYWORLD_PERPLEXITY,
    to_decode,
)
from prunarium.bench.story_models import story_bert, story_llama, story_scorer
from prunarium.bench.story_prompts import said_to, texts
from prunarium.bench.story_words import BOS, EOS, PLACES
from prunarium.bench.workloads import embedded


def with_random_weights(benchmark, folder):
    torch.manual_seed(0)
    path = folder / "random.safetensors"
    save_weights(benchmark.build(), path)
    return replace(benchmark, weights=path, samples=12)


ASKED = [one for one in STORY_BENCHMARKS if one is not STORYWORLD_PERPLEXITY]


@pytest.mark.parametrize("benchmark", ASKED, ids=lambda one: one.name)
def test_a_workload_answers_and_is_judged_by_kind(benchmark, tmp_path):
    benchmark = with_random_weights(benchmark, tmp_path)
    workload = embedded(benchmark, torch.device("cpu"))
    data = workload.data
    said = answer(workload, None)
    perfect = data.labels.numpy()
    told = perfect[:, None].repeat(5, axis=1) if perfect.ndim == 1 else perfect
    compared = compare_kinds(said, Answers(told, said.tokens), perfect, benchmark.metrics[0], data.kinds)
    assert set(compared) == set(data.kinds)
    for kind in compared.values():
        assert kind.samples == 12 / len(compared) and kind.method == 1 and kind.baseline < 1
    assert len(data.captions) == len(data) == 12 and data.captions[0].startswith("Where ")
    assert data.checksum() == benchmark.data().checksum() != benchmark.make(12, 1).checksum()


def test_an_answer_counts_only_whole():
    data = to_decode(storyworld.generate(8, 0, 64))
    said = data.labels.numpy().copy()
    said[1, 1] += 1
    said[2, 2] = said[2, 0]
    said[3, -1] = EOS
    assert right(said, data.labels, "exact match").tolist() == [True, False, False, False, True, True, True, True]


@pytest.mark.parametrize("build", [story_bert, story_llama, story_scorer])
def test_models_are_small(build):
    model = build()
    assert sum(parameter.numel() for parameter in model.parameters()) < 400_000
    assert model.config.hidden_size == 64 and model.config._attn_implementation == "sdpa"


def test_the_encoder_tells_question_and_story_apart(tmp_path):
    benchmark = with_random_weights(STORYWORLD_ENCODER, tmp_path)
    model, batch = benchmark.model(), benchmark.data().batch(0, 4, torch.device("cpu"))
    scores = benchmark.answer(model, batch)
    assert scores.shape == (4, len(PLACES))
    same = benchmark.answer(model, {**batch, "token_type_ids": torch.zeros_like(batch["token_type_ids"])})
    assert not torch.allclose(scores, same)


def test_the_decoder_shares_its_key_heads():
    config = story_llama().config
    assert config.num_key_value_heads * 2 == config.num_attention_heads
    assert config.max_position_embeddings >= storyworld.LONGEST + 128


def test_a_story_is_foretold_to_its_end(tmp_path):
    """What is recorded is the perplexity of the last words, each behind all that the story says before it."""
    benchmark = with_random_weights(STORYWORLD_PERPLEXITY, tmp_path)
    work = embedded(benchmark, torch.device("cpu"))
    prompt, last = work.data.inputs["input_ids"], work.data.labels
    assert prompt.shape == (12, 1 + RUNNING_WORDS - FORETOLD) and last.shape == (12, FORETOLD)
    told = storyworld.running_text(12, 0, RUNNING_WORDS).words
    assert (torch.cat([prompt[:, 1:], last], dim=1).numpy() == told).all() and (prompt[:, 0] == BOS).all()
    plain = answer(work, None)
    due = surprises(work.model, torch.cat([prompt, last], dim=1), prompt.shape[1])
    assert np.abs(plain.surprise - due).max() < 1e-5
    found = compare_foretelling(plain, answer(work, load("random", keep_rate=0.5)))
    assert found.words == 12 * FORETOLD and found.method != found.baseline == pytest.approx(np.exp(due.mean()))
    assert work.data.captions[0].startswith("... ")


@pytest.mark.slow
def test_evicting_hurts_the_shipped_decoder_and_less_where_attention_tells_what():
    """The discrimination that a benchmark must have: fewer entries, more surprise, most of it at random."""
    work = embedded(STORYWORLD_PERPLEXITY, torch.device("cpu"), samples=60)
    plain = answer(work, None)
    ratio = {
        (name, kept): compare_foretelling(plain, answer(work, load(name, keep_rate=kept)))
        for name, kept in (("random", 0.5), ("random", 0.25), ("h2o", 0.5), ("h2o", 0.25))
    }
    assert ratio["random", 0.5].baseline < 2.5
    for name in ("random", "h2o"):
        assert ratio[name, 0.25].ratio_low > ratio[name, 0.5].ratio_high > 1
    for kept in (0.5, 0.25):
        assert ratio["h2o", kept].ratio_high < ratio["random", kept].ratio_low


def test_prompts_of_any_lengths_are_answered_as_alone(tmp_path):
    """And whole stories as the benchmark's own tokens are."""
    benchmark = with_random_weights(STORYWORLD_DECODER, tmp_path)
    model, asked = benchmark.model(), storyworld.generate(4, 0, 64)
    whole = [f"{story} {question}" for story, question in texts(asked)]
    data = to_decode(asked)
    said = benchmark.respond(model, data.batch(0, 4, torch.device("cpu"))).said
    assert (said_to(model, whole) == said.numpy()).all()
    short = [". ".join(text.split(". ")[number + 1 :]) for number, text in enumerate(whole)]
    together = said_to(model, [*short, whole[0]])
    assert together.shape == (5, 4)
    for text, words in zip([*short, whole[0]], together, strict=True):
        assert (said_to(model, [text]) == words).all()
