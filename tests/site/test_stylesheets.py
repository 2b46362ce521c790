"""The styles of every page are all in its one sheet, in their order."""

from prunarium import paths
from prunarium.site.docs import assets
from prunarium.site.stylesheets import SHEETS

STYLES = paths.root() / "site" / "styles"


def test_no_sheet_is_left_out():
    assert sorted(SHEETS) == sorted(path.stem for path in STYLES.iterdir())


def test_each_stands_in_it_once_and_in_order():
    made = assets(paths.root())["assets/styles/every-page.css"]
    sheets = [(STYLES / f"{name}.css").read_bytes() for name in SHEETS]
    assert [made.count(sheet) for sheet in sheets] == [1] * len(SHEETS)
    assert sorted(sheets, key=made.index) == sheets
