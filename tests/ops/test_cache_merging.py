"""Evicted keys and values go into the kept ones."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from prunarium.ops import Entries, merge_evicted, nearest_key, nearest_place


def entries(tokens=8, there=None, dtype=torch.float64):
    draw = torch.Generator().manual_seed(1)
    keys, values = torch.randn(2, 2, 3, tokens, 4, generator=draw).to(dtype)
    place = torch.arange(tokens).expand(2, 3, -1)
    return Entries(keys, values, place, place > 3, there)


def some(tokens=8):
    """As many in every head, others in each."""
    draw = torch.Generator().manual_seed(2)
    chosen = torch.rand(2, 3, tokens, generator=draw).argsort(dim=2)[..., :3]
    return torch.zeros(2, 3, tokens, dtype=torch.bool).scatter(2, chosen, True)


def test_nearest_key_in_loops():
    whole, kept = entries(), some()
    kept[0, 1] = torch.arange(8) == 5  # a head that keeps one alone
    alike, host = nearest_key(whole.keys, kept)
    for sample in range(2):
        for head in range(3):
            hosts = kept[sample, head].nonzero()[:, 0].tolist()
            for token in range(8):
                key = whole.keys[sample, head, token]
                cosine = [torch.cosine_similarity(key, whole.keys[sample, head, one], dim=0) for one in hosts]
                best = int(torch.stack(cosine).argmax())
                assert host[sample, head, token] == hosts[best]
                assert alike[sample, head, token] == pytest.approx(float(cosine[best]), abs=1e-6)


@given(st.lists(st.booleans(), min_size=1, max_size=15).filter(any))
def test_nearest_place_is_the_nearest_and_the_earlier_of_two(kept):
    found = nearest_place(torch.tensor([[kept]]))[0, 0].tolist()
    hosts = [number for number, one in enumerate(kept) if one]
    assert found == [min(hosts, key=lambda one: (abs(one - token), one)) for token in range(len(kept))]


@pytest.mark.parametrize("pivot", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("joining", [False, True])
def test_means_in_loops(pivot, shared, joining):
    there = torch.ones(2, 3, 8, dtype=torch.bool)
    there[1, :, 0] = False
    kept = some() & there
    whole = entries(there=there)
    share, host = nearest_key(whole.keys, kept)
    joins = whole.place % 2 == 0 if joining else None
    left = merge_evicted(whole, kept, host, joins, share if shared else None, pivot)
    for before, after in ((whole.keys, left.keys), (whole.values, left.values)):
        for sample in range(2):
            for head in range(3):
                expected = []
                for stays in kept[sample, head].nonzero()[:, 0].tolist():
                    parts = [before[sample, head, stays]]
                    for token in range(8):
                        goes = there[sample, head, token] and not kept[sample, head, token]
                        if goes and host[sample, head, token] == stays and not (joining and token % 2):
                            content = before[sample, head, token] * (share[sample, head, token] if shared else 1)
                            parts.append((1 - pivot) * content + pivot * before[sample, head, stays])
                    expected.append(sum(parts) / len(parts))
                found = after[sample, head][left.visible[sample, head]]
                torch.testing.assert_close(found, torch.stack(expected))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_nothing_evicted_changes_no_bit(dtype):
    whole = entries(dtype=dtype)
    everything = torch.ones(2, 3, 8, dtype=torch.bool)
    left = merge_evicted(whole, everything, nearest_place(everything), pivot=0.5)
    assert left.keys.dtype == dtype
    assert torch.equal(left.keys, whole.keys)
    assert torch.equal(left.values, whole.values)
