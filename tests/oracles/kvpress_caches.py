"""What kvpress leaves in the cache of a tiny Llama, as JSON: runs in an environment of its own, which has no Prunarium.

    python kvpress_caches.py model.json weights.safetensors

``model.json`` holds the ``config`` of the Llama, the ``tokens`` of a prompt and of words behind it, and ``cases``: the
name of a press and its parameters.
"""

import json
import sys
from pathlib import Path

import kvpress
import torch
from safetensors.torch import load_file
from transformers import DynamicCache, LlamaConfig, LlamaForCausalLM


def places(kept, whole):
    """Which entries of the whole cache were kept, by their keys, in order."""
    apart = torch.cdist(kept.double(), whole.double(), compute_mode="donot_use_mm_for_euclid_dist")
    assert apart.min(dim=-1).values.max() == 0, "a key that the whole cache has not"
    return apart.argmin(dim=-1).sort(dim=-1).values[0].tolist()


@torch.inference_mode()
def cached(model, given, case):
    """Places left in each layer and head, and the last logits after the prompt and after each word."""
    prompt, words = torch.tensor([given["prompt"]]), given["words"]
    # what reads attention needs eager; elsewhere layers may keep different numbers, which eager's mask does not allow
    model.set_attn_implementation("eager" if case["press"] == "ObservedAttentionPress" else "sdpa")
    whole = model(prompt, past_key_values=DynamicCache()).past_key_values
    cache = DynamicCache()
    with getattr(kvpress, case["press"])(**case["parameters"])(model):
        logits = [model(prompt, past_key_values=cache).logits[0, -1].tolist()]
    kept = [places(left.keys, all_of.keys) for left, all_of in zip(cache.layers, whole.layers, strict=True)]
    for word, token in enumerate(words):
        place = torch.tensor([[prompt.shape[1] + word]])
        said = model(torch.tensor([[token]]), past_key_values=cache, position_ids=place)
        logits.append(said.logits[0, -1].tolist())
    return {"kept": kept, "logits": logits}


def main():
    given = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    model = LlamaForCausalLM(LlamaConfig(**given["config"])).eval()
    model.load_state_dict(load_file(sys.argv[2]))
    print(json.dumps({name: cached(model, given, case) for name, case in given["cases"].items()}))


if __name__ == "__main__":
    main()
