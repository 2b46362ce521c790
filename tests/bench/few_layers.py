"""A LLaVA of few layers that is small enough for tests, under the name that a large one would have."""

from prunarium.bench import decoders

SMALL = decoders.Decoder(4, 256, 300, 36, words=1000, tower=decoders.VisionTower(4, 64, 128))
NAME = "small-3-of-4-layers+10"


def known(monkeypatch):
    """Add it to the decoders."""
    monkeypatch.setitem(decoders.DECODERS, "small-decoder", SMALL)
