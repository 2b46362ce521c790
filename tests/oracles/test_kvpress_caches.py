"""The methods that kvpress has too, against kvpress itself in its own environment: ``make oracles``.

It wants an older transformers than ours, so it runs as another program, on the same weights and tokens.
"""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM

from prunarium import load, registry
from prunarium.ops import share_of

ROOT = Path(__file__).resolve().parents[2]
PYTHON = Path(os.environ.get("ORACLES_PYTHON", ROOT / ".venv-oracles/bin/python"))
SIZES = {
    "vocab_size": 97,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "max_position_embeddings": 1024,
    "initializer_range": 0.1,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
LENGTH, WORDS = 80, 3
WINDOW = {"window_size": 6, "kernel_size": 5}
# the press, its parameters, ours and our parameters
ALIKE = {
    "knorm": ("KnormPress", {}, {"bounded": False}),
    "keydiff": ("KeyDiffPress", {}, {"bounded": False}),
    "tova": ("TOVAPress", {}, {"bounded": False}),
    "streamingllm": ("StreamingLLMPress", {"n_sink": 4}, {"turned": False, "bounded": False}),
    "snapkv": ("SnapKVPress", WINDOW, {"window": 6, "kernel": 5}),
    "pyramidkv": ("PyramidKVPress", {**WINDOW, "beta": 3}, {"window": 6, "kernel": 5, "beta": 3}),
    "expected-attention": ("ExpectedAttentionPress", {"n_future_positions": 64}, {"coming": 64}),
    "h2o": ("ObservedAttentionPress", {}, {"average": True, "recent": 0.0, "bounded": False}),
}
RATES = (0.5, 0.25)
KEY_HEADS = (4, 2)


@pytest.fixture(scope="module", params=KEY_HEADS, ids="{} key heads".format)
def oracle(request, tmp_path_factory):
    """A tiny Llama with random weights, the tokens, and what kvpress does with them."""
    if not PYTHON.exists():
        absent = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        absent("kvpress has no environment here: run 'make oracles'")
    folder, sizes = tmp_path_factory.mktemp("oracle"), {**SIZES, "num_key_value_heads": request.param}
    torch.manual_seed(request.param)
    model = LlamaForCausalLM(LlamaConfig(**sizes)).eval()
    # no token twice: the keys of two would be equally long
    tokens = (3 + np.random.default_rng(request.param).permutation(94)[: LENGTH + WORDS]).tolist()
    cases = {
        f"{name} {rate}": {"press": press, "parameters": {**parameters, "compression_ratio": 1 - rate}}
        for name, (press, parameters, _) in ALIKE.items()
        for rate in RATES
    }
    given = {"config": sizes, "prompt": tokens[:LENGTH], "words": tokens[LENGTH:], "cases": cases}
    (folder / "model.json").write_text(json.dumps(given), encoding="utf-8")
    save_file({name: part.clone() for name, part in model.state_dict().items()}, folder / "weights.safetensors")
    script = Path(__file__).with_name("kvpress_caches.py")
    words = [PYTHON, script, folder / "model.json", folder / "weights.safetensors"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=150, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return model, torch.tensor([tokens]), json.loads(done.stdout)


def with_their_counts(method, kept, monkeypatch):
    """PyramidKV with kvpress's numbers of entries, in which the window is counted otherwise."""
    counts = [len(heads[0]) for heads in kept]
    monkeypatch.setattr(
        type(method), "in_layer", lambda self, read, count, layer: torch.full_like(count, counts[layer])
    )
    assert len(set(counts)) > 1 and counts == sorted(counts, reverse=True)
    assert sum(counts) == pytest.approx(len(counts) * int(share_of(torch.tensor(LENGTH), method.keep_rate)), abs=2)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("name", ALIKE)
@torch.inference_mode()
def test_the_same_entries_stay_and_the_same_is_said(oracle, name, rate, monkeypatch):
    model, tokens, found = oracle
    expected, method = found[f"{name} {rate}"], load(name, keep_rate=rate, **ALIKE[name][2])
    if name == "pyramidkv":
        with_their_counts(method, expected["kept"], monkeypatch)
    with method.apply(model):
        output = model(tokens[:, :LENGTH], use_cache=True)
        cache = output.past_key_values
        for layer, kept in zip(cache.layers, expected["kept"], strict=True):
            assert layer.entries.place[0].expand(len(kept), -1).tolist() == kept
        said = [output.logits] + [
            model(tokens[:, place : place + 1], past_key_values=cache).logits for place in range(LENGTH, LENGTH + WORDS)
        ]
    for ours, theirs in zip(said, expected["logits"], strict=True):
        np.testing.assert_allclose(ours[0, -1], theirs, atol=2e-4, rtol=1e-4)


def test_every_card_that_points_to_kvpress_is_here():
    named = {card.id for card in registry.cards().values() if card.parity == "package" and "kvpress" in str(card)}
    assert named <= set(ALIKE)
