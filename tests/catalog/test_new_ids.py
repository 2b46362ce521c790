"""The ids that new papers get."""

from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from prunarium.catalog.titles import new_id
from prunarium.records.base import Slug


def test_a_new_id_is_short_where_there_is_an_acronym_and_never_taken() -> None:
    assert new_id("DynaThing: Faster", 2023, (), "DynaThing") == "dynathing"
    assert new_id("DynaThing: Faster", 2023, ("dynathing",), "DynaThing") == "dynathing-2023"
    assert new_id("On the Study of Words", 2023, (), None, "Ada Ñandú") == "nandu-2023-study-words"
    assert new_id("???", 2023, ("2023",)) == "2023-2"


@given(
    name=st.text("aB-", max_size=85),
    title=st.text("ab é剪", max_size=90),
    year=st.integers(1990, 2100),
    count=st.integers(1, 5),
)
@example(name="a" * 80, title="", year=2023, count=5)
def test_a_new_id_is_an_id_and_never_taken(name: str, title: str, year: int, count: int) -> None:
    taken: set[str] = set()
    for number in range(1, count + 1):
        taken.add(TypeAdapter(Slug).validate_python(new_id(title, year, taken, name)))
        assert len(taken) == number
