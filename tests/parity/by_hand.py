"""A Llava's language model run layer by layer, one prompt at a time, for methods that are written out a second time."""

import torch


class ByHand:
    """One prompt on its way through the layers.

    Attributes:
        hidden: states of the tokens that are left ``[tokens, dim]``.
        positions: of those tokens ``[tokens]``.
        image: which of them are of the image ``[tokens]``.
        cached: entries that each layer's cache would hold.
    """

    def __init__(self, llava, prompt):
        self.model, inner = llava, llava.model
        ids = prompt["input_ids"]
        self.image = ids[0] == llava.config.image_token_id
        options = {name: value for name, value in prompt.items() if name == "image_sizes"}
        features = inner.get_image_features(prompt["pixel_values"], return_dict=True, **options).pooler_output
        embedded = inner.get_input_embeddings()(ids.masked_fill(self.image, 0))[0]
        embedded[self.image] = torch.cat(list(features))
        self.hidden, self.positions, self.cached = embedded, torch.arange(ids.shape[1]), []

    def projected(self, layer, rotate=True):
        """Queries, keys and values of a layer ``[heads, tokens, head dim]``, keys and values repeated for all heads."""
        attn, normed = layer.self_attn, layer.input_layernorm(self.hidden)
        q, k, v = (
            linear(normed).unflatten(-1, (-1, attn.head_dim)).transpose(0, 1)
            for linear in (attn.q_proj, attn.k_proj, attn.v_proj)
        )
        if rotate:
            cos, sin = self.model.model.language_model.rotary_emb(self.hidden[None], self.positions[None])
            half = attn.head_dim // 2
            q, k = (x * cos[0] + torch.cat([-x[..., half:], x[..., :half]], dim=-1) * sin[0] for x in (q, k))
        times = len(q) // len(k)
        return q, k.repeat_interleave(times, dim=0), v.repeat_interleave(times, dim=0)

    def weights(self, layer, rotate=True):
        """Softmaxed causal attention of a layer ``[heads, tokens, tokens]``."""
        q, k, _ = self.projected(layer, rotate)
        logits = q @ k.transpose(-2, -1) * layer.self_attn.head_dim**-0.5
        return logits.masked_fill(torch.ones_like(logits[0], dtype=torch.bool).triu(1), -torch.inf).softmax(dim=-1)

    def keep(self, left):
        """Go on with some of the tokens ``[tokens]``, boolean."""
        self.hidden, self.positions, self.image = self.hidden[left], self.positions[left], self.image[left]

    def run(self, layer, left=None):
        """Run a layer; ``left``: which tokens stay once its attention has been paid."""
        self.cached.append(len(self.hidden))
        heads = self.weights(layer) @ self.projected(layer)[2]
        mixed = heads.transpose(0, 1).flatten(1)
        if left is not None:
            mixed = mixed[left]
            self.keep(left)
        self.hidden = self.hidden + layer.self_attn.o_proj(mixed)
        self.hidden = self.hidden + layer.mlp(layer.post_attention_layernorm(self.hidden))

    def logits(self):
        """Of the last token ``[words]``."""
        return self.model.lm_head(self.model.model.language_model.norm(self.hidden))[-1]
