"""Dynamic Vocabulary Pruning: shortlists and early exits, against layers and head run one by one."""

import pytest
import torch
from transformers import DynamicCache

from prunarium import PrunariumError, load
from tests.families.decoder_models import KINDS, generate, make, padded, prompts

NAME = "dynamic-vocabulary-pruning"


def finished(model, hidden):
    if hasattr(model, "gpt_neox"):
        return model.gpt_neox.final_layer_norm(hidden)
    return model.model.decoder.final_layer_norm(hidden) if hasattr(model.model, "decoder") else model.model.norm(hidden)


@pytest.mark.parametrize("kind", KINDS)
@torch.inference_mode()
def test_logits_are_the_models_own_on_the_shortlist_of_an_early_layer(kind):
    model, ids = make(kind), prompts()
    plain = model(ids, output_hidden_states=True)
    with load(NAME, words=7, layer=1, threshold=1.0).apply(model):
        logits = model(ids).logits
        some = [model(ids, logits_to_keep=kept).logits for kept in (1, 5, torch.tensor([2, 9]))]
    index = model.get_output_embeddings()(finished(model, plain.hidden_states[2])).topk(7).indices
    expected = torch.full_like(plain.logits, torch.finfo(torch.float32).min).scatter(
        -1, index, plain.logits.gather(-1, index)
    )
    torch.testing.assert_close(logits, expected)
    for found, of in zip(some, (slice(-1, None), slice(-5, None), [2, 9]), strict=True):
        torch.testing.assert_close(found, expected[:, of])


class Leaving:
    """A Llama whose words leave behind the first layer that is sure of them, run by hand."""

    def __init__(self, model, words, threshold):
        self.model, self.words, self.threshold = model, words, threshold
        self.left = []

    def read(self, word, cache):
        """Logits of the token after a word."""
        reader, depth = self.model.model, len(self.model.model.layers)
        position = torch.tensor([[cache.get_seq_length()]])
        hidden, gone, rows = reader.embed_tokens(word), None, None
        turns = reader.rotary_emb(hidden, position)
        for number, layer in enumerate(reader.layers):
            worked = layer(hidden, position_embeddings=turns, past_key_values=cache, attention_mask=None)
            if gone is not None:  # keys and values are of the state that it left with
                continue
            hidden = worked
            logits = self.model.lm_head(reader.norm(hidden))[0, -1]
            rows = logits.topk(self.words).indices if rows is None else rows
            first, second = logits[rows].softmax(dim=0).topk(2).values.tolist()
            if number < depth - 1 and first - second > self.threshold:
                gone = number
        self.left.append(gone)
        said = self.model.lm_head(reader.norm(hidden))[0, -1]
        return torch.full_like(said, torch.finfo(torch.float32).min).index_copy(0, rows, said[rows])


@torch.inference_mode()
def test_words_leave_early_as_by_hand():
    model, ids = make(), prompts(1)
    caches = [DynamicCache(config=model.config) for _ in range(2)]
    model(ids, past_key_values=caches[1])
    by_hand = Leaving(model, words=9, threshold=0.6)
    word = torch.tensor([[5]])
    with load(NAME, words=9, layer=0, threshold=0.6).apply(model):
        model(ids, past_key_values=caches[0])
        ran = [model(torch.tensor([[3 + n]]), past_key_values=caches[0]).logits[0, -1] for n in range(12)]
    for number, found in enumerate(ran):
        word = torch.tensor([[3 + number]])
        torch.testing.assert_close(found, by_hand.read(word, caches[1]), atol=1e-5, rtol=1e-4)
    assert len(set(by_hand.left)) > 1, "some leave early and some do not"
    for ours, theirs in zip(*(cache.layers for cache in caches), strict=True):
        torch.testing.assert_close(ours.keys, theirs.keys, atol=1e-5, rtol=1e-4)


@torch.inference_mode()
def test_layers_behind_a_clear_word_do_not_run():
    model, ran = make(), []
    hooks = [
        layer.mlp.register_forward_hook(lambda *_, n=n: ran.append(n)) for n, layer in enumerate(model.model.layers)
    ]
    try:
        with load(NAME, layer=0, threshold=1e-9).apply(model):
            cache = model(prompts(1)).past_key_values
            assert ran == [0, 1, 2]
            model(torch.tensor([[5]]), past_key_values=cache)
            assert ran == [0, 1, 2, 0]
            assert [layer.keys.shape[2] for layer in cache.layers] == [25, 25, 25]
    finally:
        for hook in hooks:
            hook.remove()


@pytest.mark.parametrize("kind", KINDS)
@torch.inference_mode()
def test_a_batch_of_which_some_leave_is_as_single_runs(kind):
    model, inputs = make(kind), padded()
    with load(NAME, words=12, layer=0, threshold=0.5).apply(model):
        together = generate(model, inputs, 12)
        alone = [generate(model, ids, 12) for ids in (inputs["input_ids"][:1], inputs["input_ids"][1:, 7:])]
    assert torch.equal(together, torch.cat(alone))


@pytest.mark.parametrize("kind", KINDS)
@torch.inference_mode()
def test_the_whole_vocabulary_and_no_exit_is_the_untouched_model(kind):
    model, ids = make(kind), prompts(1)
    words = generate(model, ids, 64)
    for method in (load(NAME, keep_rate=1.0, threshold=1.0), load(NAME, words=60, threshold=1.0)):
        with method.apply(model):
            assert torch.equal(generate(model, ids, 64), words)


def test_errors_say_what_to_do():
    with pytest.raises(PrunariumError, match="block 3 does not exist"):
        load(NAME, layer=3).apply(make())
    with pytest.raises(PrunariumError, match="words=1"):
        load(NAME, words=1)
    model = make().train()
    try:
        with load(NAME).apply(model), pytest.raises(PrunariumError, match="no rule for training"):
            model(prompts())
    finally:
        model.eval()
