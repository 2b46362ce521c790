"""LazyLLM: what words see, what waits, and what comes back, against layers run one by one."""

import copy

import pytest
import torch
from transformers import DynamicCache

from prunarium import PrunariumError, load
from prunarium.families.caching.deferred import DeferredLayer

from .decoder_models import TOKENS, generate, make, padded, prompts


class OneByOne:
    """A Llama whose layers are run by hand for a single text; what each knows of a token is kept in dictionaries."""

    def __init__(self, model, keep_rate, layers):
        self.model, self.keep_rate, self.layers = model, keep_rate, layers
        self.known = [{} for _ in model.model.layers]  # token -> key, value
        self.hidden, self.count = {}, 0

    def read(self, ids):
        """Logits of the last of some words."""
        for number, x in enumerate(self.model.model.embed_tokens(ids), start=self.count):
            self.hidden[number] = x
        self.count += len(ids)
        active = list(range(self.count))
        for number in range(len(self.known)):
            last = self.layer(number, active)
            if number in self.layers:
                best = sorted(active[:-1], key=lambda token: -last[active.index(token)])
                active = sorted([*best[: max(int(len(active) * self.keep_rate), 1) - 1], active[-1]])
        return self.model.lm_head(self.model.model.norm(self.hidden[active[-1]]))

    def layer(self, number, active):
        """Work on the active tokens that the layer does not know; attention of the last one to all."""
        layer, known = self.model.model.layers[number], self.known[number]
        new = [token for token in active if token not in known]
        for token in new:
            normed = layer.input_layernorm(self.hidden[token])
            known[token] = (self.turned(layer.self_attn.k_proj(normed), token), heads(layer.self_attn.v_proj(normed)))
        for token in new:
            before = [other for other in active if other <= token]
            query = self.turned(layer.self_attn.q_proj(layer.input_layernorm(self.hidden[token])), token)
            keys, values = (torch.stack([known[other][part] for other in before], dim=1) for part in (0, 1))
            keys, values = (x.repeat_interleave(2, dim=0) for x in (keys, values))
            row = ((keys @ query.unsqueeze(-1))[..., 0] * layer.self_attn.scaling).softmax(dim=-1)
            fetched = (row.unsqueeze(1) @ values).flatten()
            x = self.hidden[token] + layer.self_attn.o_proj(fetched)
            self.hidden[token] = x + layer.mlp(layer.post_attention_layernorm(x))
        return row.mean(dim=0).tolist()

    def turned(self, x, token):
        x = heads(x)
        cos, sin = (part[0, 0] for part in self.model.model.rotary_emb(x, torch.tensor([[token]])))
        one, other = x.chunk(2, dim=-1)
        return x * cos + torch.cat([-other, one], dim=-1) * sin


def heads(x):
    """``[heads, head dim]``"""
    return x.view(-1, 8)


@pytest.mark.parametrize(("keep_rate", "layers"), [(0.5, (0, 1)), (0.2, (0,)), (0.3, (1,))])
@torch.inference_mode()
def test_as_layers_run_one_by_one(keep_rate, layers):
    model, ids = make(), prompts(1)
    plain = OneByOne(copy.deepcopy(model), keep_rate, layers)
    with load("lazyllm", keep_rate=keep_rate, layers=layers).apply(model):
        cache, words = DynamicCache(config=model.config), ids
        for word in range(8):
            found = model(words, past_key_values=cache).logits[0, -1]
            torch.testing.assert_close(found, plain.read(words[0]), atol=1e-5, rtol=1e-4)
            for number, layer in enumerate(cache.layers):
                assert set(layer.known[0].nonzero()[:, 0].tolist()) == set(plain.known[number])
            words = torch.tensor([[3 + word]])
    later = [len(known) for known in plain.known]
    assert later[0] == TOKENS + 7
    assert later[-1] > int(TOKENS * keep_rate ** len(layers)) + 7, "no token came back"


@torch.inference_mode()
def test_layers_see_fewer_and_fewer():
    model = make()
    with load("lazyllm", keep_rate=0.5, layers=(0, 1)).apply(model) as handle:
        assert model(prompts()).logits.shape[1] == 6
        assert [record.tokens_out for record in handle.report().blocks] == [24, 12, 6]
        assert handle.report().budget == pytest.approx((1 + 0.5 + 0.25) / 3)


@torch.inference_mode()
def test_samples_of_a_cache_go_where_they_are_sent():
    model, inputs = make(), padded()
    word = torch.tensor([[7], [9], [7], [9]])
    with load("lazyllm", keep_rate=0.4).apply(model):
        caches = [model(**inputs).past_key_values for _ in range(3)]
        caches[0].batch_repeat_interleave(2)
        caches[1].batch_select_indices(torch.tensor([0, 0, 1, 1]))
        caches[2].reorder_cache(torch.tensor([1, 0]))
        doubled = [[model(word, past_key_values=cache).logits[:, -1] for _ in range(3)][-1] for cache in caches[:2]]
        alone = [model(word[:2].flip(0), past_key_values=caches[2]).logits[:, -1] for _ in range(3)][-1]
    assert torch.equal(*doubled)
    torch.testing.assert_close(doubled[0][0], alone[1], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(doubled[0][3], alone[0], atol=1e-5, rtol=1e-4)


@torch.inference_mode()
def test_what_cannot_be_says_so():
    model, method = make(), load("lazyllm")
    whole = model(prompts(1), use_cache=True).past_key_values
    with method.apply(model):
        for problem, says in (
            (lambda: model(prompts()[:, :0]), "the prompt is empty"),
            (lambda: model(prompts(), use_cache=False), "works on the cache"),
            (lambda: model(prompts(), labels=prompts()), "labels have no place"),
            (lambda: model(torch.tensor([[5]]), past_key_values=whole), "filled without the method"),
            (lambda: generate(model, prompts(), cache_implementation="static"), "use a dynamic cache"),
            (lambda: model(prompts(), attention_mask=torch.ones(2, 1, 24, 24)), r"attention_mask \[batch, tokens\]"),
        ):
            with pytest.raises(PrunariumError, match=says):
                problem()
    with pytest.raises(PrunariumError, match="block 3 does not exist"):
        load("lazyllm", layers=(3,)).apply(model)


@torch.inference_mode()
def test_a_cache_that_was_emptied_reads_another_prompt():
    model = make()
    with load("lazyllm").apply(model):
        cache = model(prompts(1)).past_key_values
        cache.reset()
        again = model(prompts(2)[1:], past_key_values=cache)
        fresh = model(prompts(2)[1:])
    assert all(isinstance(layer, DeferredLayer) for layer in cache.layers)
    assert torch.equal(again.logits, fresh.logits)
