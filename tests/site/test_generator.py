"""What the generator writes, without rendering it."""

import json
import shutil
from dataclasses import replace
from typing import Annotated, Literal

import pytest
import yaml
from pydantic import BaseModel, Field

from prunarium import PrunariumError, paths
from prunarium.catalog.facets import fold
from prunarium.catalog.schemas import MODELS
from prunarium.site import pages, write_docs
from prunarium.site.api import documents
from prunarium.site.facets import facets
from prunarium.site.groups import FOLDERS, groups
from prunarium.site.parameters import Parameters, bounds, parameters_of, type_name
from prunarium.site.tree import mirror

REFERENCE = {"commands", "python", "catalog", "families", "ops", "registry", "files/index"}
FIXED = {
    "index.md",
    "papers/index.md",
    "methods/index.md",
    "benchmarks/index.md",
    *(f"benchmarks/{name}/index.md" for name in ("cost-only", "claims", "disagreements", "speed-up", "shorter-caches")),
    "guide/choose.md",
    *(f"reference/{name}.md" for name in REFERENCE),
    *(f"reference/files/{name}.md" for name in MODELS),
    *(f"{folder}/index.md" for folder in (*FOLDERS.values(), "timeline", "coverage")),
}


def of_groups(content):
    """The page of each venue, term, list and year."""
    return {f"{group.page}index.md" for facet in FOLDERS for group in groups(content, facet)}


def test_one_page_for_each_record_and_method(everything):
    made = set(pages.pages(everything))
    papers = {f"papers/{paper.id}/index.md" for paper in everything.catalogue}
    methods = {f"methods/{method.id}/index.md" for method in everything.methods}
    grouped = of_groups(everything)
    benchmarks = {f"benchmarks/{benchmark.name}/index.md" for benchmark in everything.benchmarks}
    assert made == FIXED | papers | methods | grouped | benchmarks
    parts = (FIXED, everything.catalogue, everything.methods, grouped, everything.benchmarks)
    assert len(made) == sum(map(len, parts))


def test_front_matter_is_escaped_yaml(odd):
    text = pages.pages(odd)["papers/tome/index.md"].decode()
    head = yaml.safe_load(text.split("---\n")[1])
    assert "<" not in head["title"] + head["description"]
    assert "&lt;/script&gt;" in head["title"]


def test_no_markup_of_a_record_survives(odd):
    for name, page in pages.pages(odd).items():
        assert b"<script>window.odd" not in page, name
        assert "Ö<b>".encode() not in page, name


def test_an_empty_catalogue_has_its_fixed_pages(everything):
    empty = replace(everything.catalogue, papers_by_id={})
    nothing = replace(everything, catalogue=empty, methods=(), benchmarks=None)
    made = pages.pages(nothing)
    assert set(made) == FIXED | of_groups(nothing)
    assert b"holds no papers yet" in made["papers/index.md"]
    assert b"holds no methods yet" in made["methods/index.md"]
    assert json.loads(documents(nothing)["api/papers.json"])["papers"] == []


def test_facet_counts_are_those_of_the_records(everything):
    by_id = {facet.id: {value.id: value.count for value in facet.values} for facet in facets(everything)}
    papers = list(everything.catalogue)
    assert sum(by_id["year"].values()) == len(papers)
    assert sum(by_id["venue"].values()) == sum(paper.venue is not None for paper in papers)
    assert by_id["code"] == {"yes": sum(bool(paper.links.code) for paper in papers)}
    for category, count in by_id["category"].items():
        assert count == sum(category in paper.categories for paper in papers)


def test_json_holds_every_field_of_every_record(everything):
    data = json.loads(documents(everything)["api/papers.json"])
    assert data["count"] == len(data["papers"]) == len(everything.catalogue)
    for paper, record in zip(everything.catalogue, data["papers"], strict=True):
        assert paper.model_dump(mode="json").items() <= record.items()
    methods = json.loads(documents(everything)["api/methods.json"])["methods"]
    assert [method["id"] for method in methods] == [method.id for method in everything.methods]


def test_fold_ignores_case_and_accents():
    assert fold("Björn ĐǍO Ｔoken") == "bjorn đao token"


def test_types_and_bounds_read_as_one_writes_them():
    class Sample(BaseModel):
        one: Annotated[float, Field(gt=0, le=1)] = 0.5
        two: int | list[Annotated[int, Field(ge=0)]] | tuple[int, Annotated[float, Field(ge=-1)]] = 1
        three: tuple[Annotated[int, Field(ge=0)], ...] | None = None
        four: Literal["a", "b"] = "a"
        five: bool

    fields = Sample.model_fields
    assert [type_name(field.annotation) for field in fields.values()] == [
        "float",
        "int | list[int] | tuple[int, float]",
        "tuple[int, ...] | None",
        "'a' | 'b'",
        "bool",
    ]
    expected = ["> 0, ≤ 1", "int: ≥ 0; float: ≥ -1", "≥ 0", "", ""]
    assert [bounds(field) for field in fields.values()] == expected


def test_without_torch_the_reason_stands_in_the_place_of_the_table(monkeypatch, odd):
    def load_class(name):
        try:
            raise ModuleNotFoundError("No module named 'torch'", name="torch")
        except ModuleNotFoundError as error:
            raise PrunariumError("methods need torch") from error

    monkeypatch.setattr("prunarium.registry.load_class", load_class)
    assert parameters_of("tome") == Parameters((), "torch is not installed where this site was built")
    without = replace(odd, methods=(replace(odd.methods[0], parameters=parameters_of("tome")),))
    assert b"torch is not installed" in pages.pages(without)["methods/tome/index.md"]


def test_a_broken_method_folder_is_an_error(tmp_path):
    card = (paths.root() / "methods" / "tome" / "card.yaml").read_text()
    (tmp_path / "card.yaml").write_text(card)
    (tmp_path / "method.py").write_text("")
    with pytest.raises(PrunariumError, match="exactly one"):
        parameters_of(str(tmp_path))


def test_a_second_writing_touches_nothing_and_removes_what_is_gone(tmp_path):
    out = tmp_path / "docs"
    mirror({"a.md": b"a", "deep/er/b.md": b"b"}, out)
    (out / "mine.md").write_text("mine")
    before = (out / "a.md").stat().st_mtime_ns
    mirror({"a.md": b"a"}, out)
    assert (out / "a.md").stat().st_mtime_ns == before
    assert not (out / "deep").exists()
    assert (out / "mine.md").is_file(), "a file of somebody else stays"


def test_the_same_records_write_the_same_files(small_tree, tmp_path):
    def times():
        return {path: path.stat().st_mtime_ns for path in (tmp_path / "docs").rglob("*") if path.name != ".prunarium"}

    write_docs(small_tree, tmp_path / "docs")
    before = times()
    write_docs(small_tree, tmp_path / "docs")
    assert times() == before, "mkdocs serve would build for ever"


def test_an_unwritable_folder_is_one_line_and_writes_nothing(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(PrunariumError, match=r"cannot be written .*; make it writable") as caught:
        write_docs(paths.root(), tmp_path / "file" / "docs")
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_faulty_record_leaves_the_earlier_tree(tmp_path):
    root, out = tmp_path / "root", tmp_path / "docs"
    shutil.copytree(paths.root() / "catalog", root / "catalog")
    shutil.copytree(paths.root() / "site", root / "site")
    shutil.copy(paths.root() / "mkdocs.yml", root)
    counts = write_docs(root, out)
    assert (counts.papers, counts.methods) == (len(list((root / "catalog" / "papers").glob("*.yaml"))), 0)
    earlier = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    paper = root / "catalog" / "papers" / "tome.yaml"
    paper.write_text(paper.read_text().replace("year: 2023", "year: soon"))
    with pytest.raises(PrunariumError, match=r"tome\.yaml"):
        write_docs(root, out)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == earlier


def test_a_hand_written_page_cannot_shadow_a_generated_one(tmp_path):
    shutil.copytree(paths.root() / "catalog", tmp_path / "catalog")
    (tmp_path / "site" / "pages").mkdir(parents=True)
    (tmp_path / "site" / "pages" / "index.md").write_text("# mine")
    shutil.copy(paths.root() / "mkdocs.yml", tmp_path)
    with pytest.raises(PrunariumError, match=r"site/pages/index\.md"):
        write_docs(tmp_path, tmp_path / "docs")
