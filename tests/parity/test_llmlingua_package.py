"""LLMLingua and LongLLMLingua against the authors' package, on whole texts and a tiny Llama: prunarium[lingua]."""

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from prunarium import load
from prunarium.families import Prompt, Scorer
from tests.families.prompts import QUESTION, STORY, byte_tokenizer

TEXT = f"{STORY}\n\n{STORY.replace('Mary', 'Bill').replace('office', 'cellar')}"
SEGMENT = 16


class Counter:
    """Counts what the package reports; its own tokenizer would have to be fetched."""

    def encode(self, text, **_):
        return text.split()


@pytest.fixture(scope="module")
def scorer(tmp_path_factory):
    """The directory of a language model with random weights, and the model."""
    folder, tokenizer = tmp_path_factory.mktemp("scorer"), byte_tokenizer()
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = LlamaConfig(vocab_size=len(tokenizer), initializer_range=0.3, max_position_embeddings=1024, **sizes)
    model = LlamaForCausalLM(config).eval()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder, Scorer(model, tokenizer)


@pytest.fixture
def package(scorer, monkeypatch):
    """The authors' compressor, which notes the tokens that it keeps.

    It reads the model with tuples for a cache, which transformers no longer takes: here it reads all that is left anew.
    """
    lingua, tiktoken = pytest.importorskip("llmlingua"), pytest.importorskip("tiktoken")
    monkeypatch.setattr(tiktoken, "encoding_for_model", lambda name: Counter())

    class Compressor(lingua.PromptCompressor):
        def get_ppl(self, *words, past_key_values=None, return_kv=False, end=None, **others):
            if not return_kv:
                return super().get_ppl(*words, **others)
            whole = super().get_ppl(*words, end=end, **others)
            begin = past_key_values[0][0].shape[2] if past_key_values else 0
            return whole[begin:], [[torch.zeros(1, 1, len(whole) + 1, 1)] * 2]

        def iterative_compress_prompt(self, *words, **others):
            self.kept, there = super().iterative_compress_prompt(*words, **others)
            return self.kept, there

    return Compressor(model_name=str(scorer[0]), device_map="cpu")


def kept_by(method, scorer, **asked):
    """The ids of the tokens that a method of ours keeps."""
    left = method.compress(TEXT, scorer=scorer, **asked)
    tokens = scorer.tokens(TEXT)
    return [
        token
        for token, unit in zip(tokens.ids, tokens.units, strict=True)
        if any(start <= tokens.spans[unit][0] < end for start, end in left.spans)
    ]


def settings(rate, scorer):
    return {
        "target_token": rate * len(scorer.tokens(TEXT).ids),
        "iterative_size": SEGMENT,
        "context_budget": "+1000",
    }


@pytest.mark.parametrize("rate", [0.3, 0.5, 0.8])
def test_llmlingua_keeps_the_same_tokens(package, scorer, rate):
    package.compress_prompt(TEXT.split("\n\n"), rank_method="llmlingua", **settings(rate, scorer[1]))
    method = load("llmlingua", keep_rate=rate, segment=SEGMENT, context_slack=1000, exact=False)
    ours = kept_by(method, scorer[1])
    assert ours == package.kept[0].tolist()
    assert 0 < len(ours) < len(scorer[1].tokens(TEXT).ids)


@pytest.mark.parametrize("rate", [0.3, 0.5, 0.8])
def test_longllmlingua_keeps_the_same_tokens(package, scorer, rate):
    package.compress_prompt(
        TEXT.split("\n\n"),
        question=QUESTION,
        rank_method="longllmlingua",
        condition_in_question="after_condition",
        condition_compare=True,
        concate_question=False,
        **settings(rate, scorer[1]),
    )
    method = load("longllmlingua", keep_rate=rate, segment=SEGMENT, context_slack=1000, dynamic=0.0, exact=False)
    ours = kept_by(method, scorer[1], question=QUESTION)
    assert ours == package.kept[0].tolist()
    assert 0 < len(ours) < len(scorer[1].tokens(TEXT).ids)


@pytest.mark.parametrize("name", ["llmlingua", "longllmlingua"])
def test_contexts_are_ranked_alike(package, scorer, name):
    contexts = TEXT.split("\n\n")
    condition = "after" if name == "longllmlingua" else "none"
    ranked = package.get_rank_results(contexts, QUESTION, name, condition, [len(one) for one in contexts])
    prompt = Prompt(TEXT, QUESTION, scorer[1].tokenizer, scorer[1], 10, 0.5)
    ours = list(load(name).order(prompt, [scorer[1].tokens(one).ids for one in contexts]))
    assert ours == [place for place, _ in ranked]
