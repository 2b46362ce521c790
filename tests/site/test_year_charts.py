"""The small charts of papers per year, and the stacked ones of the timeline."""

import re
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from prunarium.site.landmarks import MANY_LISTS, first_of, landmarks
from prunarium.site.stacks import COLOURED, stacks
from prunarium.site.year_bars import HEIGHT, WIDTH, year_bars

YEARS = st.dictionaries(st.integers(1990, 2100), st.integers(1, 5000), min_size=1, max_size=40)


@given(YEARS)
def test_columns_lie_inside_and_are_as_high_as_their_counts(counts):
    root = ElementTree.fromstring(year_bars(counts, "Papers"))
    columns = [{name: float(value) for name, value in one.attrib.items()} for one in root.iter("rect")]
    assert len(columns) == len(counts)
    most = max(counts.values())
    tallest = max(one["height"] for one in columns)
    for one, (_, count) in zip(columns, sorted(counts.items()), strict=True):
        assert one["x"] >= 0 and one["x"] + one["width"] <= WIDTH + 0.5
        assert one["y"] >= 0 and one["y"] + one["height"] <= HEIGHT
        assert abs(one["height"] / tallest - count / most) < 0.01


@given(YEARS)
def test_years_are_named_without_touching(counts):
    root = ElementTree.fromstring(year_bars(counts, "Papers"))
    named = [float(one.get("x", "")) for one in root.iter("text") if one.get("class") == "pr-bars-year"]
    assert named
    assert all(right - left > 25 for left, right in pairwise(named))


def test_nothing_is_drawn_of_nothing_and_a_label_is_escaped():
    assert year_bars({}, "Papers") == ""
    assert "&#34;&lt;b&gt;" in year_bars({2023: 1}, '"<b>')


def test_stacks_count_each_paper_once(everything):
    for facet in ("category", "modality"):
        made = stacks(everything, facet)
        assert sum(stack.total for stack in made.stacks) == len(everything.papers)
        assert [stack.year for stack in made.stacks] == sorted(
            {paper.year for paper in everything.papers}, reverse=True
        )
        assert len(made.series) <= COLOURED + 1
        first = made.series[0]
        wanted = sum(
            (getattr(paper, {"category": "categories", "modality": "modalities"}[facet]) or [""])[0] == first.id
            for paper in everything.papers
        )
        assert sum(stack.counts[0] for stack in made.stacks) == wanted
        for stack in made.stacks:
            widths = [float(width) for width in re.findall(r' width="([\d.e+]+)"', stack.bar)]
            assert len(widths) == sum(count > 0 for count in stack.counts)
            ElementTree.fromstring(stack.bar)


def test_papers_without_a_category_are_among_the_rest(odd):
    paper = odd.catalogue.paper("tome").model_copy(update={"categories": [], "modalities": []})
    made = stacks(replace(odd, catalogue=replace(odd.catalogue, papers_by_id={"tome": paper})), "category")
    assert [(one.name, made.stacks[0].counts) for one in made.series] == [("the rest", (1,))]


def test_landmarks_follow_their_rules(everything):
    found = {landmark.paper.id: landmark.reasons for landmark in landmarks(everything)}
    for paper in everything.papers:
        reasons = found.get(paper.id, ())
        lists = {mention.list for mention in paper.mentions}
        assert (f"on {len(lists)} lists" in reasons) == (len(lists) >= MANY_LISTS)
        assert ("runs here" in reasons) == (paper.id in everything.methods_of_papers)
    firsts = [reason for reasons in found.values() for reason in reasons if reason.startswith("first in ")]
    assert len(firsts) == len(set(firsts)) > 0


def test_of_two_papers_of_a_year_the_earlier_arxiv_id_was_first_and_without_one_neither(everything):
    tome, evit = everything.catalogue.paper("tome"), everything.catalogue.paper("evit")
    earlier = evit.model_copy(update={"year": tome.year})
    assert first_of([tome, earlier]) is earlier, "2202 is before 2210"
    unknown = earlier.model_copy(update={"identifiers": type(evit.identifiers)()})
    assert first_of([tome, unknown]) is None
    assert first_of([tome, evit]) is evit
    assert first_of([]) is None
