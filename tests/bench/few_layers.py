"""Few layers of a LLaVA and of a Llama that are small enough for tests, under names that large ones would have."""

from prunarium.bench import decoders
from prunarium.bench.few_layers import LlamaLayers

SMALL = decoders.Decoder(4, 256, 300, 36, words=1000, tower=decoders.VisionTower(4, 64, 128))
NAME = "small-3-of-4-layers+10"
LLAMA = decoders.TextDecoder(8, 32, 48, heads=4, key_heads=2, words=200, tied=True)
TEXT_NAME = "little-4-of-8-layers+40"
WORDS = 32
"""After its prompt, in place of 128: as many rounds, and sooner through."""


def known(monkeypatch):
    """Add them to the decoders."""
    monkeypatch.setitem(decoders.DECODERS, "small-decoder", SMALL)
    monkeypatch.setitem(decoders.TEXT_DECODERS, "little", LLAMA)
    monkeypatch.setattr(LlamaLayers, "words", WORDS)
