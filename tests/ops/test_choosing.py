"""Choosing: each sample is as in the reduction chosen for it, and so is its account."""

import torch

from prunarium.ops import Tokens, bipartite_soft_matching, choose, groups


def test_each_sample_has_its_own_reduction():
    generator = torch.Generator().manual_seed(0)
    tokens = Tokens(torch.randn(3, 9, 4, generator=generator), prefix=1)
    merged = bipartite_soft_matching(tokens.x, 3, prefix=1).merge(tokens)
    kept = tokens.keep(torch.tensor([[7, 1, 2, 0, 4]]).expand(3, -1))
    wanted = torch.tensor([True, False, True])
    mixed = choose(wanted, merged, kept)
    home, first, second = (groups(one.moves, 3, 9) for one in (mixed, merged, kept))
    for sample, is_first in enumerate(wanted.tolist()):
        one, sources = (merged, first) if is_first else (kept, second)
        assert torch.equal(mixed.x[sample], one.x[sample])
        assert torch.equal(home[sample], sources[sample])
        assert torch.equal(mixed.moves[0].position[sample], one.moves[0].position[sample])
        assert torch.equal(mixed.size[sample], torch.ones(6) if one.size is None else one.size[sample])
    assert choose(wanted, kept, kept).size is None
