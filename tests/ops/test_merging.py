"""Merging groups: means, sizes and the account of who went where."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prunarium.ops import DROPPED, Tokens, groups, merge_groups, replace_groups, stand_in


@st.composite
def grouped(draw):
    prefix, count = draw(st.integers(0, 2)), draw(st.integers(1, 4))
    extra = draw(st.lists(st.integers(DROPPED, count - 1), max_size=6))
    members = draw(st.permutations([*range(count), *extra]))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 99)))
    total = prefix + len(members)
    size = torch.randint(1, 5, (1, total), generator=generator).double() if draw(st.booleans()) else None
    x = torch.randn(1, total, 3, generator=generator, dtype=torch.double)
    return Tokens(x, prefix, size), torch.tensor([members]), count


@settings(deadline=None)
@given(grouped())
def test_a_group_becomes_its_mean(case):
    tokens, group, count = case
    merged = merge_groups(tokens, group, count)
    prefix = tokens.prefix
    size = torch.ones(1, tokens.count).double() if tokens.size is None else tokens.size
    assert torch.equal(merged.x[:, :prefix], tokens.x[:, :prefix])
    for number in range(count):
        members = (group[0] == number).nonzero().flatten() + prefix
        weight = size[0, members]
        mean = (tokens.x[0, members] * weight[:, None]).sum(dim=0) / weight.sum()
        assert torch.allclose(merged.x[0, prefix + number], mean)
        assert merged.size[0, prefix + number] == weight.sum()
    home = groups(merged.moves, 1, tokens.count)[0]
    assert home[:prefix].tolist() == list(range(prefix))
    assert home[prefix:].tolist() == [number + prefix if number != DROPPED else DROPPED for number in group[0].tolist()]
    seats = merged.moves[0].position[0]
    assert torch.equal(home[seats], torch.arange(merged.count))


@settings(deadline=None)
@given(grouped())
def test_one_token_stands_for_its_group(case):
    tokens, group, count = case
    group = group.clamp(min=0)
    seat = torch.stack([(group[0] == number).nonzero()[-1] for number in range(count)]).T
    kept, merged = stand_in(tokens, group, seat), merge_groups(tokens, group, count, seat=seat)
    assert torch.equal(kept.x[:, tokens.prefix :], tokens.x[:, seat[0] + tokens.prefix])
    assert torch.equal(kept.x[:, : tokens.prefix], tokens.x[:, : tokens.prefix])
    assert torch.equal(kept.size, merged.size)
    assert torch.equal(kept.moves[0].position, merged.moves[0].position)
    assert torch.equal(kept.moves[0].group(), merged.moves[0].group())


def test_a_group_may_take_nobodys_place():
    tokens, group = Tokens(torch.arange(5.0).view(1, 5, 1), prefix=1), torch.tensor([[0, 1, 1, DROPPED]])
    merged = merge_groups(tokens, group, 2, seat=torch.tensor([[0, DROPPED]]))
    assert merged.moves[0].position.tolist() == [[0, 1, DROPPED]]
    assert merged.x[0, :, 0].tolist() == [0, 1, 2.5]


@settings(deadline=None)
@given(grouped())
def test_groups_may_become_any_tokens(case):
    tokens, group, count = case
    group = group.clamp(min=0)
    merged = merge_groups(tokens, group, count)
    replaced = replace_groups(tokens, group, merged.x[:, tokens.prefix :])
    assert torch.equal(replaced.x, merged.x)
    assert torch.equal(replaced.size, merged.size)
    assert torch.equal(replaced.moves[0].position, merged.moves[0].position)
    assert torch.equal(replaced.moves[0].group(), merged.moves[0].group())
