"""References as people paste them, and titles as the APIs write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prunarium.catalog.adding.plain_text import plain_text
from prunarium.catalog.adding.reference import read_reference


@pytest.mark.parametrize(
    ("text", "role", "value"),
    [
        (" 2402.02400 ", "arxiv", "2402.02400"),
        ("arxiv.org/abs/2402.02400v3", "arxiv", "2402.02400"),
        ("http://export.arxiv.org/pdf/2402.02400.pdf", "arxiv", "2402.02400"),
        ("https://dx.doi.org/10.1007/978-3-031-20065-6_25", "doi", "10.1007/978-3-031-20065-6_25"),
        ("doi: 10.1002/(SICI)1097-0258(19980815)17:15", "doi", "10.1002/(sici)1097-0258(19980815)17:15"),
        ("10.1234/a#b?c%d", "doi", "10.1234/a#b?c%d"),
    ],
)
def test_references_as_people_paste_them(text: str, role: str, value: str) -> None:
    address = read_reference(text)
    assert (address.role, address.value) == (role, value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Two\n  Lines", "Two Lines"),
        ("<i>k</i>-means &amp;amp; H<sub>2</sub>O", "k-means & H2O"),
        ("An <mml:math><mml:mi>n</mml:mi></mml:math>-gram", "An n-gram"),
        (r"$O(n \log n)$ Na{\"\i}ve \textit{Steps}", "O(n log n) Naïve Steps"),
        (r"50% of {V}iT & 50\% of $\alpha$", "50% of ViT & 50% of α"),
        ("Costs 50% less: A & B_c #1 ~ x^2", "Costs 50% less: A & B_c #1 ~ x^2"),
        ("1 < 2 > 0", "1 < 2 > 0"),
        ("a\u200b\x07b", "ab"),
    ],
)
def test_titles_become_plain_text(text: str, expected: str) -> None:
    assert plain_text(text) == expected


MARKS = ["\\", "$", "{", "}", "%", "&", "#", "^", "_", "<", ">", " ", "a", "&amp;"]
PIECES = ["<i>", "</i>", "<!--", "<![x[", "frac", "begin{x}", "sqrt["]


@given(st.text() | st.lists(st.sampled_from(MARKS + PIECES), max_size=15).map("".join))
def test_any_title_becomes_one_line(text: str) -> None:
    assert plain_text(text) == " ".join(plain_text(text).split())
