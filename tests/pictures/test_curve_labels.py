"""Where names stand: no two on each other, wherever there is room."""

from hypothesis import given
from hypothesis import strategies as st

from prunarium.bench.pictures.curve_labels import MOST_LETTERS, Label, short, spread

HIGH = 300
LABELS = st.lists(
    st.builds(Label, st.floats(0, 200), st.floats(10, HIGH - 10), st.floats(5, 150), st.just(15.0)), max_size=8
)


@given(LABELS)
def test_no_two_cover_each_other_and_all_are_inside(labels: list[Label]) -> None:
    heights = spread(labels, 0, HIGH)
    boxes = list(zip(labels, heights, strict=True))
    for place, (a, y) in enumerate(boxes):
        assert 7.4 <= y <= HIGH - 7.4
        for b, other in boxes[place + 1 :]:
            apart_across = a.x >= b.x + b.width or b.x >= a.x + a.width
            assert apart_across or abs(y - other) >= 14.98


@given(LABELS)
def test_what_has_room_stays(labels: list[Label]) -> None:
    for label in labels:
        assert spread([label], 0, HIGH) == [label.y]


def test_a_fixed_one_stays_and_pushes() -> None:
    fixed, other = Label(0, 100, 50, 20, fixed=True), Label(10, 104, 50, 20)
    assert spread([fixed, other], 0, HIGH) == [100, 120]


def test_a_long_name_is_cut_and_stands_on_one_line() -> None:
    assert short("two\nlines") == "two lines"
    assert len(short("x" * 100)) == MOST_LETTERS and short("x" * 100).endswith("…")
