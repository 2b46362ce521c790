"""Two files that want one place: an error that names it, and never a page that is lost in silence."""

import pytest
import yaml

from prunarium import PrunariumError
from prunarium.site import build_site, write_docs
from prunarium.site.merging import merged, rendered


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("index.md", "index.html"),
        ("a.md", "a/index.html"),
        ("a/index.md", "a/index.html"),
        ("a/README.md", "a/index.html"),
        ("a/b.md", "a/b/index.html"),
        ("api/papers.json", "api/papers.json"),
    ],
)
def test_where_the_engine_puts_a_file(path, place):
    assert rendered(path) == place


@pytest.mark.parametrize("second", ["a/index.md", "a.md", "a/index.html"])
def test_two_generated_files_cannot_be_one_page(second):
    with pytest.raises(PrunariumError, match=r"two generated files want this path"):
        merged([{"a/index.md": b"one"}, {second: b"two"}])


@pytest.mark.parametrize("path", ["venues.md", "venues/iclr.md", "papers.csv", "api/index.json", "data.md"])
def test_a_hand_written_file_cannot_take_the_place_of_a_generated_one(small_tree, tmp_path, path):
    mine = small_tree / "site" / "pages" / path
    mine.parent.mkdir(parents=True, exist_ok=True)
    mine.write_text("# mine\n")
    with pytest.raises(PrunariumError, match=rf"^site/pages/{path}: another page has this path; rename the file$"):
        write_docs(small_tree, tmp_path / "docs")
    assert not (tmp_path / "docs").exists()


def test_two_hand_written_files_cannot_be_one_page(small_tree, tmp_path):
    for path in ("notes.md", "notes/index.md"):
        mine = small_tree / "site" / "pages" / path
        mine.parent.mkdir(exist_ok=True)
        mine.write_text("# mine\n")
    with pytest.raises(PrunariumError, match="another page has this path"):
        write_docs(small_tree, tmp_path / "docs")


def test_a_venue_called_as_a_fixed_page_has_its_own_place(small_tree, tmp_path):
    names = ("index", "papers", "venues")
    venues = [{"id": name, "name": name, "full_name": name, "kind": "journal"} for name in names]
    (small_tree / "catalog" / "venues.yaml").write_text(yaml.safe_dump({"venues": venues}))
    build_site(small_tree, tmp_path / "site")
    for name in names:
        built = (tmp_path / "site" / "venues" / name / "index.html").read_text()
        assert "No paper of the catalogue appeared here yet." in built
    assert "No paper" not in (tmp_path / "site" / "venues" / "index.html").read_text()
