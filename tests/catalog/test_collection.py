"""Papers as a collection: sequence, look-up, order, and what a notebook shows."""

from dataclasses import replace
from pathlib import Path

import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prunarium.catalog import Catalogue, Selection, load
from prunarium.catalog.sorting import KEYS, in_order
from prunarium.errors import PrunariumError
from prunarium.records import Paper, VenueReference

PAPERS = st.lists(
    st.builds(
        Paper,
        id=st.text("abc", min_size=1, max_size=4),
        title=st.text("aÁBz [-", min_size=1).filter(str.strip),
        year=st.integers(2020, 2023),
        kind=st.just("method"),
        venue=st.none() | st.builds(VenueReference, id=st.sampled_from(["arxiv", "iclr"]), year=st.just(2023),
                                    status=st.just("published")),
    ),
    unique_by=lambda paper: paper.id,
)  # fmt: skip
OWN = load()


@pytest.fixture
def catalogue(tree: Path, change) -> Catalogue:  # type: ignore[no-untyped-def]
    change("catalog/papers/alpha.yaml", "name: Alpha", "name: Alpha\naliases: [first-alpha]\nother_titles: [Café Half]")
    return load(tree)


def ids(papers: object) -> list[str]:
    return [paper.id for paper in papers]  # type: ignore[attr-defined]


def test_a_selection_is_a_sequence_of_papers(catalogue: Catalogue) -> None:
    every = catalogue.filter()
    assert isinstance(every, Selection)
    assert (len(every), ids(every), ids(reversed(every))) == (2, ["alpha", "beta"], ["beta", "alpha"])
    assert every[0] is every["alpha"] is catalogue[0] is catalogue["alpha"]
    assert ids(every[1:]) == ids(catalogue[-1:]) == ["beta"]
    assert every == catalogue[:]
    assert every != every[:1]
    assert every["beta"] in every
    assert "beta" in every
    assert "beta" not in every[:1]
    assert not catalogue.filter(year=1999)


def test_a_choice_of_a_choice_keeps_its_order(catalogue: Catalogue) -> None:
    turned = catalogue.sort("year")
    assert ids(turned) == ["beta", "alpha"]
    assert ids(turned.filter(kind="method")) == ["beta", "alpha"]
    assert ids(turned.filter(modality="vision")) == ["alpha"]
    assert ids(catalogue) == ["alpha", "beta"]


def test_a_former_id_finds_the_paper(catalogue: Catalogue) -> None:
    assert catalogue.paper("first-alpha") is catalogue["first-alpha"] is catalogue["alpha"]
    assert "first-alpha" in catalogue
    assert ids(catalogue) == ["alpha", "beta"]


def test_an_id_outlives_a_former_one_of_another_paper(catalogue: Catalogue) -> None:
    beta = catalogue["beta"].model_copy(update={"aliases": ["alpha"]})
    both = replace(catalogue, papers_by_id={"alpha": catalogue["alpha"], "beta": beta})
    assert both["alpha"].id == "alpha"


def test_an_unknown_id_in_a_selection_says_so(catalogue: Catalogue) -> None:
    expected = r"there is no paper 'alpha' among these 1; 'prunarium papers' lists all"
    with pytest.raises(PrunariumError, match=expected):
        catalogue[1:]["alpha"]


def test_other_titles_are_searched_without_accents(catalogue: Catalogue) -> None:
    assert ids(catalogue.filter(search="cafe half")) == ["alpha"]
    assert ids(catalogue.filter(search="nandu CAFÉ")) == ["alpha"]


@pytest.mark.parametrize(
    "doi", ["10.1234/alpha", "10.1234/ALPHA", "https://doi.org/10.1234/Alpha", "doi:10.1234/alpha"]
)
def test_by_doi(catalogue: Catalogue, doi: str) -> None:
    assert catalogue.by_doi(doi) is catalogue["alpha"]
    assert catalogue[1:].by_doi(doi) is None


@pytest.mark.parametrize("arxiv", ["2301.01230", "arXiv:2301.01230v2", "https://arxiv.org/pdf/2301.01230"])
def test_by_arxiv(catalogue: Catalogue, arxiv: str) -> None:
    assert catalogue.by_arxiv(arxiv) is catalogue["alpha"]
    assert catalogue.by_arxiv("alpha") is None


@pytest.mark.parametrize("arxiv", ["2301.012304", "12301.01230", "1.2301.01230"])
def test_a_longer_number_is_not_the_arxiv_id_in_it(catalogue: Catalogue, arxiv: str) -> None:
    assert catalogue.by_arxiv(arxiv) is None


@pytest.mark.parametrize("doi", ["10.48550/arXiv.2301.01230", "https://doi.org/10.48550/ARXIV.2301.01230v2"])
def test_the_doi_that_arxiv_gives_finds_the_paper(catalogue: Catalogue, doi: str) -> None:
    assert catalogue.by_doi(doi) is catalogue["alpha"]
    assert catalogue.by_doi("10.48550/arXiv.2301.01231") is None


@pytest.mark.parametrize("year", ["2023", ["2023"], 2023.0, True])
def test_a_year_that_is_no_whole_number_is_refused(catalogue: Catalogue, year: object) -> None:
    with pytest.raises(PrunariumError, match=r"is no whole number; write it without quotes, as in year=2023"):
        catalogue.filter(year=year)  # type: ignore[arg-type]


def test_a_year_of_numpy_is_one(catalogue: Catalogue) -> None:
    assert ids(catalogue.filter(year=pandas.Series([2023])[0])) == ["alpha"]


@given(papers=PAPERS, keys=st.lists(st.sampled_from(KEYS), max_size=3), reverse=st.booleans())
def test_order(papers: list[Paper], keys: list[str], reverse: bool) -> None:
    found = in_order(papers, keys, OWN, reverse=reverse)
    assert sorted(ids(found)) == sorted(ids(papers))
    assert in_order(reversed(papers), keys, OWN, reverse=reverse) == found, "it depends on the papers alone"
    if keys[:1] == ["year"]:
        assert [paper.year for paper in found] == sorted((paper.year for paper in papers), reverse=reverse)
    if keys[:1] == ["venue"]:
        without = [paper.venue is None for paper in found]
        assert without == sorted(without), "papers without a venue come last"
    if not keys or keys[0] == "id":
        assert ids(found) == sorted(ids(papers), reverse=reverse)


def test_titles_are_sorted_by_their_words(catalogue: Catalogue) -> None:
    titles = ["[CLS] ends", "A token", "élan", "Element", "b: c", "B d"]
    papers = [catalogue["beta"].model_copy(update={"id": f"p{n}", "title": title}) for n, title in enumerate(titles)]
    found = [paper.title for paper in in_order(papers, ["title"], catalogue)]
    assert found == ["A token", "b: c", "B d", "[CLS] ends", "élan", "Element"]


def test_an_unknown_key_gets_a_guess(catalogue: Catalogue) -> None:
    expected = r"cannot be sorted by 'yaer' \(did you mean 'year'\?\); use id, title, year, venue"
    with pytest.raises(PrunariumError, match=expected):
        catalogue.sort("title", "yaer")


def test_what_a_notebook_shows(catalogue: Catalogue) -> None:
    assert repr(catalogue) == "<Catalogue of 2 papers: alpha, beta>"
    assert repr(catalogue[:0]) == "<Selection of 0 papers>"
    odd = catalogue["alpha"].model_copy(update={"title": 'Less < More & "so"'})
    html = Selection([odd] * 21, catalogue)._repr_html_()
    assert '<a href="https://arxiv.org/abs/2301.01230">Less &lt; More &amp; &quot;so&quot;</a>' in html
    assert html.count("<td>ICXL</td>") == 20
    assert "and 1 more" in html
