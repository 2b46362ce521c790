"""Few layers of a Llama: prompt, words after it, and what a method's own work takes of both."""

from dataclasses import replace

import pytest
import torch
from transformers import OPTConfig, OPTForCausalLM

from prunarium import PrunariumError, load
from prunarium.bench.cells import Cell, prepare
from prunarium.bench.decoders import TEXT_DECODERS
from prunarium.bench.decoding import decode_speeds
from prunarium.bench.executors.together import check_alike
from prunarium.bench.few_layers import few_layers
from prunarium.bench.kv_cache import closed_form
from prunarium.bench.sweeps import read_sweep
from prunarium.paths import root
from prunarium.registry import cards

from .few_layers import TEXT_NAME, WORDS, known

SWEEP = root() / "scripts" / "decoder_overhead.yaml"
COMMON = {"model": TEXT_NAME, "batch_sizes": (1,), "seconds": 0, "threads": 1}


def test_the_name_says_which_part():
    part = few_layers("llama-3.2-1b-4-of-16-layers")
    assert part.whole is TEXT_DECODERS["llama-3.2-1b"] and (part.layers, part.text) == (4, 2048)
    assert few_layers("llama-3.2-1b-16-of-16-layers+100").text == 100
    with pytest.raises(PrunariumError, match=r"no such part of a model; there are .*, llama-3\.2-1b-N-of-16-layers"):
        few_layers("llama-3.2-1b-17-of-16-layers")


def test_the_full_width_and_the_whole_models_proportions():
    part = few_layers("llama-3.2-1b-4-of-16-layers")
    with torch.device("meta"):
        large, small = part.whole.llama(), part.part.llama()
    one = small.model.layers[0]
    assert one.mlp.up_proj.weight.shape == (8192, 2048) and one.self_attn.head_dim == 64
    assert one.self_attn.k_proj.weight.shape == (512, 2048), "8 key heads"
    assert 1.2e9 < sum(parameter.numel() for parameter in large.parameters()) < 1.3e9

    def sizes(model):
        return [sum(weight.numel() for weight in part.parameters()) for part in (model.model.layers, model.lm_head)]

    assert [few * 4 for few in sizes(small)] == sizes(large)


@pytest.fixture(scope="module")
def measured():
    """A method that is asked after every word, and one that is through when the prompt has been read."""
    with pytest.MonkeyPatch.context() as patch:
        known(patch)
        return {
            name: prepare(Cell(method=name, budget=0.5, parameters=parameters, **COMMON)).measure()
            for name, parameters in (("tova", {}), ("snapkv", {"window": 4}))
        }


def test_each_phase_has_its_time_and_its_own_work(measured):
    for score in measured.values():
        (speed,) = score.speed
        assert score.benchmark is None and score.quality is None and score.family == "decoder"
        assert speed.decode.words == WORDS and speed.own_ms.median > 0
        assert speed.decode.baseline_ms.repeats == 3, "so many words are a mean already"
    assert measured["tova"].speed[0].decode.own_ms.median > 0
    assert measured["tova"].speed[0].decode.own_share > 0.01
    assert measured["snapkv"].speed[0].decode.own_ms.median == 0


def test_the_cache_is_counted_behind_the_prompt_and_behind_the_last_word(monkeypatch, measured):
    known(monkeypatch)
    part = few_layers(TEXT_NAME)
    with torch.device("meta"):
        model = part.part.llama()

    def bytes_of(entries):
        return closed_form(model, [entries] * part.layers, torch.float32)

    for name, behind in (("tova", 20), ("snapkv", 20 + WORDS)):  # the first stays at its number
        score = measured[name]
        cache, decode = score.cost.cache, score.speed[0].decode
        assert (cache.bytes_baseline, cache.bytes) == (bytes_of(40), bytes_of(20))
        assert (decode.cache_bytes_baseline, decode.cache_bytes) == (bytes_of(40 + WORDS), bytes_of(behind))
    peaks = measured["tova"].speed[0].decode
    assert peaks.peak_memory < peaks.peak_memory_baseline - bytes_of(WORDS) // 2


def test_tokens_that_wait_are_memory_too(monkeypatch):
    """LazyLLM saves computing alone: beside keys and values it keeps what layers have still to work on."""
    known(monkeypatch)
    work = prepare(Cell(method="lazyllm", **COMMON)).run.workload
    lazy, plain = decode_speeds([load("lazyllm"), load("identity")], work, 1, about=0)
    assert lazy.cache_bytes == plain.cache_bytes == plain.cache_bytes_baseline
    hidden = (work.data.inputs["input_ids"].shape[1] + WORDS) * work.model.config.hidden_size * 4
    assert lazy.peak_memory >= plain.peak_memory + hidden


def test_learned_positions_that_end_are_not_gone_beyond():
    config = OPTConfig(
        vocab_size=50,
        hidden_size=16,
        ffn_dim=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=48,
        word_embed_proj_dim=16,
    )
    model = OPTForCausalLM(config).eval()
    with pytest.MonkeyPatch.context() as patch:
        known(patch)
        work = replace(prepare(Cell(method="identity", **COMMON)).run.workload, model=model)
    work.data.inputs["input_ids"] %= 50
    assert decode_speeds([load("identity")], replace(work, words=8), 1, about=0) == [None]
    (last,) = decode_speeds([load("identity")], replace(work, words=7), 1, about=0)
    assert last.words == 7 and last.baseline_ms.repeats == 8


def test_soft_tokens_are_counted_apart_from_the_words_that_follow(monkeypatch):
    """Most of the prompt is the method's own work; the model then reads the last five tokens behind seven others."""
    known(monkeypatch)
    cell = Cell(method="gist", parameters={"weights": "random", "capacity": 12}, **COMMON)
    score = prepare(cell).measure()
    assert score.cost.cache.entries == [12] * 4 and score.cost.budget == 12 / 40
    assert score.cost.macs_own > 0.8 * score.cost.macs, "it reads 35 tokens and 7 of its own, at first"
    assert score.speed[0].own_share > 0.3 and score.speed[0].decode.own_ms.median == 0


def test_the_sweep_of_overheads_is_one_run():
    """Of the methods that have a budget; those with soft tokens have room for as many as it asks for."""
    cells = read_sweep(SWEEP)
    check_alike(cells)
    part = few_layers(cells[0].model)
    assert (part.layers, part.text, part.words) == (4, 2048, 128)
    there = {card.id for card in cards().values() if "decoder" in card.families}
    assert {cell.method for cell in cells} <= there - {"random-ltd", "vocabulary-trimming"}
    shares = {cell.parameters.get("keep_rate", cell.budget) for cell in cells if cell.method != "identity"}
    assert shares == {0.25, 0.5}
    assert all(cell.parameters["vectors"] >= 1019 for cell in cells if "vectors" in cell.parameters)
