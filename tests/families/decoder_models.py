"""Small causal language models of transformers with random weights, and prompts for them."""

import functools

import torch
from transformers import (
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    OPTConfig,
    OPTForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

SPECIAL = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": None}
SIZES = {
    "num_hidden_layers": 3,
    "hidden_size": 32,
    "num_attention_heads": 4,
    "vocab_size": 60,
    "max_position_embeddings": 256,
    **SPECIAL,
}
SHARED = {**SIZES, "intermediate_size": 64, "num_key_value_heads": 2}
KINDS = {
    "llama": (LlamaForCausalLM, LlamaConfig, SHARED),
    "mistral": (MistralForCausalLM, MistralConfig, {**SHARED, "sliding_window": None}),
    "qwen2": (Qwen2ForCausalLM, Qwen2Config, SHARED),
    "qwen3": (Qwen3ForCausalLM, Qwen3Config, {**SHARED, "head_dim": 8}),
    "gpt-neox": (GPTNeoXForCausalLM, GPTNeoXConfig, {**SIZES, "intermediate_size": 64, "rotary_pct": 0.5}),
    "opt": (OPTForCausalLM, OPTConfig, {**SIZES, "ffn_dim": 64, "word_embed_proj_dim": 32}),
}
PEAKED = (
    "q_proj.weight",
    "k_proj.weight",
    "query_key_value.weight",
    "embed_tokens.weight",
    "embed_in.weight",
    "lm_head.weight",
)
TOKENS = 24


@functools.cache
@torch.inference_mode(mode=False)  # of whichever test asks first
def make(kind="llama", **extra):
    """A model whose attention is far from uniform, in evaluation mode."""
    torch.manual_seed(0)
    model_class, config_class, sizes = KINDS[kind]
    model = model_class(config_class(**{**sizes, **extra})).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith(PEAKED):
                parameter.normal_(std=0.5)
            elif name.endswith(("q_norm.weight", "k_norm.weight")):  # with ones, all keys are as long
                parameter.normal_(mean=1, std=0.3)
    return model


def prompts(samples=2, tokens=TOKENS):
    """``[samples, tokens]``"""
    return torch.randint(3, 60, (samples, tokens), generator=torch.Generator().manual_seed(2))


def padded(short=7, samples=2, tokens=TOKENS):
    """Prompts of which the last is shorter by so many tokens, padded on the left."""
    ids = prompts(samples, tokens)
    mask = torch.ones_like(ids)
    mask[-1, :short] = 0
    return {"input_ids": ids * mask, "attention_mask": mask}


def generate(model, inputs, new=8, **options):
    """Greedily generated tokens ``[batch, new]``."""
    inputs = inputs if isinstance(inputs, dict) else {"input_ids": inputs, "attention_mask": torch.ones_like(inputs)}
    options = {"do_sample": False, **options}
    return model.generate(**inputs, max_new_tokens=new, **options)[:, inputs["input_ids"].shape[1] :]


def held(cache):
    """The places that each layer's cache holds, head by head, for the first sample."""
    return [layer.entries.place[0].tolist() for layer in cache.layers]
