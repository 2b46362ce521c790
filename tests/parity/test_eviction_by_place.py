"""Elastic Cache and PrefixKV take one entry at a fixed place after a word: both against the rule spelled out."""

import pytest

from prunarium import load

from .cached import TOKENS, layers_of, places_after_words


@pytest.mark.parametrize("name", ["elastic-cache", "prefixkv"])
@pytest.mark.parametrize("share", [0.3, 0.7])
def test_after_every_word_one_goes_at_a_fixed_place(name, share):
    method = load(name, keep_rate=share)
    for layer, found in zip(layers_of(method), places_after_words(method, 40), strict=True):
        held = layer.kept(0, 0)
        part = len(held) / TOKENS
        for word in range(40):
            held.append(TOKENS + word)
            if len(held) - part * (TOKENS + word + 1) >= 1 - 1e-9:
                del held[max(len(held) - 25, len(held) // 2)]
        assert found == held
