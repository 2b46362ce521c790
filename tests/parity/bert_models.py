"""The BERT models that the recorded numbers of the encoder family are of, and their inputs."""

import re
from types import SimpleNamespace

import numpy as np
import torch
from transformers import BertConfig, BertModel

from prunarium.families import Report, Shape
from prunarium.families.encoder.deberta import MatrixOffering
from prunarium.ops import follow

from . import recipe
from .vlm_models import check_summary

HARD = 1e-6
VOCABULARY = 97


def bert_of(case) -> tuple[BertModel, dict]:
    """A tiny BERT with the recorded weights in double precision, and the recorded padded texts."""
    params, inputs = case["params"], case["inputs"]
    hidden = int(re.search(r"hidden_size=(\d+)", inputs["model"])[1])
    seed = int(inputs["fill"].split(",")[1])
    config = BertConfig(
        num_hidden_layers=params["layers"],
        hidden_size=hidden,
        num_attention_heads=params["heads"],
        intermediate_size=96,
        vocab_size=VOCABULARY,
        max_position_embeddings=64,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    model = recipe.fill_hf(BertModel(config), seed, 2.0).double()
    lengths, longest = params["lengths"], params["S"]
    ids = np.random.default_rng([seed, 7]).integers(3, VOCABULARY, (len(lengths), longest))
    mask = torch.arange(longest) < torch.tensor(lengths).unsqueeze(1)
    return model, {"input_ids": torch.from_numpy(ids), "attention_mask": mask.long()}


def left_after(report: Report, batch: int, entered: int) -> list[list[list[int]]]:
    """Original positions of the tokens left after each layer, of each sample, ascending."""
    places, found = torch.arange(entered).expand(batch, -1), []
    for record in report.blocks:
        places = follow(places, record.moves)
        found.append([sorted(place for place in row if place >= 0) for row in places.tolist()])
    return found


def check_hidden(x: torch.Tensor, summaries: list[dict], outputs: dict):
    """Hidden states ``[batch, tokens, dim]`` against what was recorded of them."""
    for mine, summary in zip(x, summaries, strict=True):
        check_summary(mine, summary, HARD)
    np.testing.assert_allclose(x[:, 0, :8], outputs["cls_first8"], rtol=HARD, atol=HARD)
    np.testing.assert_allclose(x.norm(dim=-1), outputs["row_norms"], rtol=HARD)


def given(attention: torch.Tensor, there: torch.Tensor | None = None) -> MatrixOffering:
    """What a layer offers whose attention is given ``[batch, heads, tokens, tokens]``."""
    offering = MatrixOffering(SimpleNamespace(matrix=attention))
    offering.there = there
    return offering


def shape(depth: int, dim: int = 8) -> Shape:
    """Of an encoder without a cls token, which the recorded choices do not protect."""
    return Shape("encoder", depth, 0, None, (), dim)
