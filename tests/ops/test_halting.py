"""Halting: weights that sum to one, and an account that tells where everybody is."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prunarium.ops import DROPPED, Halting, Tokens, groups


@settings(deadline=None)
@given(st.integers(0, 2), st.integers(1, 6), st.integers(1, 5), st.integers(0, 99))
def test_every_token_is_the_weighted_mean_of_what_it_was(prefix, patches, blocks, seed):
    generator = torch.Generator().manual_seed(seed)
    count, eps = prefix + patches, 0.01
    said = torch.randn(blocks + 1, 2, count, 3, generator=generator).double()  # what each token is after each block
    scores = torch.rand(blocks, 2, count, generator=generator).double()
    tokens = Tokens(said[0], prefix)
    halting = Halting.begin(tokens)
    moves = []
    for block in range(blocks):
        score = scores[block].gather(1, halting.seat)
        x = said[block].gather(1, halting.seat.unsqueeze(-1).expand(-1, -1, 3))
        tokens = Tokens(x, prefix, there=tokens.there)
        halting, tokens = halting.step(tokens, score, eps).leave(tokens)
        moves.extend(tokens.moves)
        home = groups(moves, 2, count)
        active = halting.active.sum(dim=1)
        for sample in range(2):
            there = [one for one in range(count) if home[sample, one] != DROPPED]
            assert halting.seat[sample, home[sample, there]].tolist() == there
            assert len(there) >= max(int(active[sample]), prefix)
        assert tokens.there is None or tokens.there.any(dim=1).all()
    x = said[blocks].gather(1, halting.seat.unsqueeze(-1).expand(-1, -1, 3))
    tokens = Tokens(x, prefix, there=tokens.there)
    halting = halting.step(tokens, torch.ones_like(x[..., 0]), eps)
    done = halting.finish(tokens)
    for sample in range(2):
        for one in range(count):
            mean, spent, rest, took = torch.zeros(3).double(), 0.0, 1.0, 0
            for block in range(blocks + 1):
                score = scores[block, sample, one].item() if block < blocks else 1.0
                spent, took = spent + score, took + 1
                if spent > 1 - eps:
                    mean = mean + rest * said[block, sample, one]
                    break
                mean, rest = mean + score * said[block, sample, one], rest - score
            assert torch.allclose(done.x[sample, one], mean)
            assert torch.isclose(halting.ponder[sample, one], torch.tensor(took + rest).double())
    moves.extend(done.moves)
    assert groups(moves, 2, count).tolist() == [list(range(count))] * 2
    left = done.moves[-1].position
    assert (left < tokens.count).all()
    assert (left[:, :prefix] == torch.arange(prefix)).all()
