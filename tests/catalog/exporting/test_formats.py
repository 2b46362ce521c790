"""What holds for every format."""

import pytest

from prunarium.catalog.exporting import FORMATS, export
from prunarium.errors import PrunariumError
from prunarium.records import VenueReference

from .conftest import changed, own


@pytest.mark.parametrize("format", FORMATS)
def test_no_papers_are_a_text_too(format: str) -> None:
    assert isinstance(export(format, [], own()), str)


@pytest.mark.parametrize("format", FORMATS)
def test_a_value_of_no_vocabulary_is_written_as_it_is(format: str) -> None:
    venue = VenueReference(id="no-such-venue", year=2023, status="published")
    made = export(format, [changed(venue=venue, categories=["no-such-category"])], own())
    assert "no-such-venue" in made
    assert "no-such-category" in made.lower() or format in ("bibtex", "markdown")


@pytest.mark.parametrize("format", FORMATS)
def test_a_paper_of_which_little_is_known(format: str) -> None:
    nothing = {"authors": [], "venue": None, "categories": [], "modalities": [], "mentions": [], "name": None}
    assert "Token Merging" in export(format, [changed(**nothing)], own())


def test_an_unknown_format_gets_a_guess() -> None:
    with pytest.raises(PrunariumError, match=r"'bibtxe' \(did you mean 'bibtex'\?\); choose from bibtex, csv"):
        export("bibtxe", own(), own())
