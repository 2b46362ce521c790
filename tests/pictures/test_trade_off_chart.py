"""The drawn picture: what stands where in the SVG is what the records say."""

from collections.abc import Iterator
from xml.etree import ElementTree

import numpy as np
import pytest

from prunarium.bench.pictures.series_styles import styles
from prunarium.bench.pictures.trade_off import MACS, Against, TradeOff, trade_offs
from prunarium.bench.pictures.trade_off_chart import chart, key, panel
from prunarium.catalog.picture_files import rendered

from .conftest import BUDGETS, HOSTILE, card, many, score

Element = ElementTree.Element
PANELS = [MACS, Against(1), Against(8)]


def drawn(trade_off: TradeOff, against: Against) -> Element:
    return ElementTree.fromstring(rendered(panel(trade_off, against), ".svg"))


def texts(root: Element) -> list[str]:
    return [element.text or "" for element in root.iter() if element.tag.endswith("}text")]


def groups(root: Element) -> dict[str, Element]:
    return {element.get("id", ""): element for element in root.iter() if element.tag.endswith("}g")}


def ticks(root: Element, name: str, unit: float) -> Iterator[tuple[float, float]]:
    """The value that each tick names, and where it stands."""
    for group, element in groups(root).items():
        if group.startswith(f"{name}tick"):
            text = next(part for part in element.iter() if part.tag.endswith("}text"))
            mark = next(part for part in element.iter() if part.tag.endswith("}path"))
            if text.text:
                place = mark.get("d", "").split()
                yield float(text.text.strip("×")) * unit, float(place[1] if name == "x" else place[2])


@pytest.mark.parametrize("against", PANELS)
@pytest.mark.parametrize("count", [1, 12])
def test_points_stand_where_the_records_say(count: int, against: Against) -> None:
    made = many(count)
    root = drawn(made, against)
    found = groups(root)
    across = np.polyfit(*zip(*ticks(root, "x", 1e6 if against == MACS else 1), strict=True), 1)
    up = np.polyfit(*zip(*ticks(root, "y", 0.01), strict=True), 1)
    for place, point in enumerate(made.points):
        use = next(part for part in found[f"point-{place}"].iter() if part.tag.endswith("}use"))
        value = against.value(point)
        assert value is not None
        assert float(use.get("x", "")) == pytest.approx(np.polyval(across, value), abs=0.05)
        assert float(use.get("y", "")) == pytest.approx(np.polyval(up, point.quality), abs=0.05)
    assert not any(name == f"point-{len(made.points)}" for name in found)


def test_every_method_budget_and_the_untouched_model_are_named() -> None:
    made = many(11)
    for against in PANELS:
        words = texts(drawn(made, against))
        for name in [curve.label for curve in made.curves] + [f"budget {budget}" for budget in BUDGETS]:
            assert name in words
        assert "untouched 95.0 %" in words


def test_many_methods_are_named_in_a_key_and_not_in_the_panels() -> None:
    made = many(25)
    names = [curve.label for curve in made.curves]
    assert sorted(texts(ElementTree.fromstring(rendered(key(made), ".svg")))) == sorted(names)
    for against in PANELS:
        words = texts(drawn(made, against))
        assert not set(words) & set(names) and "untouched 95.0 %" in words and "budget 0.5" in words
    words = texts(ElementTree.fromstring(rendered(chart(made, "speed"), ".svg")))
    assert all(words.count(name) == 1 for name in names)


def test_a_key_has_the_best_cheap_end_first_and_fits_its_figure() -> None:
    made = many(25)
    figure = key(made)
    figure.draw_without_rendering()
    (legend,) = figure.legends
    ends = {curve.label: curve.steps(MACS)[-1].quality for curve in made.curves}
    shown = [ends[text.get_text()] for text in legend.get_texts()]
    assert shown == sorted(shown, reverse=True)
    box, page = legend.get_window_extent(), figure.bbox
    assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= page.x1 and box.y1 <= page.y1


@pytest.mark.parametrize("against", PANELS)
def test_names_do_not_cover_each_other(against: Against) -> None:
    figure = panel(many(9), against)
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    covered = [(a, b) for place, a in enumerate(boxes) for b in boxes[place + 1 :] if a.overlaps(b)]
    assert len(boxes) == 9 + 1 + len(BUDGETS) + 1
    assert not covered
    panel_box = figure.axes[0].bbox
    assert all(box.x0 >= panel_box.x0 - 1 and box.x1 <= panel_box.x1 + 1 for box in boxes), "inside the panel"


def test_a_budget_at_the_edge_is_named_inside_the_panel() -> None:
    scores = [score(name, 0.5, 0.9 - 0.1 * place, {8: 0.5 + place / 50}) for place, name in enumerate(("a", "b"))]
    (made,) = trade_offs(scores, {})
    figure = panel(made, Against(8))
    figure.draw_without_rendering()
    (box,) = (text.get_window_extent() for text in figure.axes[0].texts if text.get_text() == "budget 0.5")
    assert figure.axes[0].bbox.x0 <= box.x0 and box.x1 <= figure.axes[0].bbox.x1


def test_budgets_that_are_missing_are_not_drawn() -> None:
    (made,) = trade_offs([score("a", 0.75), score("b", 0.75), score("a", 0.4), score("b", 0.25)], {})
    found = groups(drawn(made, MACS))
    assert [name for name in found if name.startswith("budget-")] == ["budget-0.75"]


def test_one_score_alone_is_a_picture() -> None:
    (made,) = trade_offs([score()], {})
    root = drawn(made, MACS)
    assert "tome" in texts(root)
    assert not [name for name in groups(root) if name.startswith("budget-")]


def test_a_hostile_name_is_text() -> None:
    name = HOSTILE[:25]
    (made,) = trade_offs([score("a")], {"a": card("a").model_copy(update={"name": name})})
    root = drawn(made, MACS)
    assert name in texts(root)
    assert not [element for element in root.iter() if element.tag.endswith("script")]
    formula = card("a").model_copy(update={"name": "$\\frac{ $x"})
    (made,) = trade_offs([score("a")], {"a": formula})
    assert "$\\frac{ $x" in texts(drawn(made, Against(64)))


def test_every_method_has_a_marker_of_its_own() -> None:
    found = styles(many(24).curves)
    assert len({(style.marker, style.hollow) for style in found.values()}) == 24 + 1 - 1
    assert len({(style.marker, style.hollow, style.colour) for style in found.values()}) == 25
    assert len({(style.line, style.colour) for style in found.values()}) == 25, "lines of one colour are not alike"
    twelve = styles(many(11).curves)
    assert len({style.marker for style in twelve.values()}) == 12


def test_the_whole_chart_has_a_panel_for_each_batch_size_and_says_where_it_was_measured() -> None:
    figure = chart(many(2), "speed")
    assert [axes.get_xlabel() for axes in figure.axes] == ["speed ratio at batch size 1", "speed ratio at batch size 8"]
    words = texts(ElementTree.fromstring(rendered(figure, ".svg")))
    assert any("A Processor" in line for line in words)
    assert len(chart(many(2), "macs").axes) == 1


def test_the_same_scores_give_the_same_bytes() -> None:
    once, again = (rendered(panel(many(3), MACS), ".svg") for _ in range(2))
    assert once == again
