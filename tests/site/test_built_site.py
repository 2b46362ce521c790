"""The rendered site, as files."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from urllib.parse import unquote, urljoin, urlsplit

import pytest

from prunarium import PrunariumError, paths
from prunarium.cli import main
from prunarium.site import build_site
from prunarium.site.snippets import in_terminal

from .conftest import ODD_TITLE


class Links(HTMLParser):
    """Addresses and ids of a page, and its visible text."""

    def __init__(self, html):
        super().__init__()
        self.links, self.resources, self.ids, self.text, self.title = [], [], set(), "", ""
        self._inside = ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag in ("title", "script", "style"):
            self._inside = tag
        if tag == "a" and values.get("href"):
            self.links.append(values["href"])
        if tag in ("script", "img") and values.get("src"):
            self.resources.append(values["src"])
        if tag == "link" and values.get("rel") in ("stylesheet", "icon"):
            self.resources.append(values["href"])
        if values.get("id"):
            self.ids.add(values["id"])

    def handle_endtag(self, tag):
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, data):
        if self._inside == "title":
            self.title += data
        elif not self._inside:
            self.text += data


def page(folder, name=""):
    return Links((folder / name / "index.html").read_text(encoding="utf-8"))


def test_every_record_and_method_has_a_page(site):
    for paper in site.content.catalogue:
        found = page(site.folder, f"papers/{paper.id}")
        assert paper.title in found.text
        assert found.title == f"{paper.title} - Prunarium"
    for method in site.content.methods:
        text = page(site.folder, f"methods/{method.id}").text
        assert f'prunarium.load("{method.id}"' in text
        verb = "compress" if method.card.families == ["prompt"] else "run"
        assert (f"prunarium {verb} {method.id}" in text) == bool(in_terminal(method))
    assert len(list((site.folder / "papers").iterdir())) == len(site.content.catalogue) + 1


def test_every_inner_link_leads_somewhere(site):
    pages = {file.parent.relative_to(site.folder).as_posix(): file for file in site.folder.rglob("index.html")}
    parsed = {("" if name == "." else name + "/"): Links(file.read_text("utf-8")) for name, file in pages.items()}
    broken = []
    for name, found in parsed.items():
        for link in [*found.links, *found.resources]:
            target = urlsplit(urljoin(f"https://here/{name}", link))
            if target.netloc != "here":
                continue
            path = unquote(target.path).lstrip("/")
            if path in parsed:
                missing = target.fragment and unquote(target.fragment) not in parsed[path].ids
            else:
                missing = not (site.folder / path).is_file()
            if missing:
                broken.append((name, link))
    assert not broken


def test_hostile_text_is_text(odd_site):
    for name in ("papers", "papers/tome", "methods", "methods/tome"):
        assert ODD_TITLE in page(odd_site.folder, name).text, name
    assert page(odd_site.folder, "papers/tome").title == f"{ODD_TITLE} - Prunarium"


def test_scores_of_both_kinds_are_shown(odd_site):
    text = " ".join(page(odd_site.folder, "methods/tome").text.split())
    for piece in (
        "96.1 %",
        "−1.9 points",
        "[−2.4, −1.4]",
        "6.15 M",
        "1.50×",
        "AMD EPYC 7763",
        "torch 2.6.0",
        "84.57 → 82.6",
    ):
        assert piece in text, piece
    assert "96.1 %" in page(odd_site.folder, "benchmarks/cluttered-digits").text


def test_no_page_names_another_host_for_a_resource(site):
    for file in site.folder.rglob("*.html"):
        outside = re.findall(r'(?:src|<link[^>]*href)="(?:https?:)?//[^"]*"', file.read_text("utf-8"))
        own = f'<link rel="canonical" href="{site.content.addresses.site}'
        assert [one for one in outside if not one.startswith(own)] == [], file


def test_plain_mkdocs_builds_a_clean_checkout(small_tree):
    run = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-q"],
        cwd=small_tree,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert (small_tree / "build" / "site" / "papers" / "tome" / "index.html").is_file()


def test_a_failed_build_leaves_the_earlier_site(small_tree, tmp_path):
    out = tmp_path / "out" / "site"
    build_site(small_tree, out)
    (out / "trace").write_text("the earlier one")
    start = small_tree / "site" / "pages" / "guide" / "start.md"
    start.write_text(start.read_text() + "\n[nowhere](nowhere.md)\n")
    with pytest.raises(PrunariumError, match=r"the site was not built: .*nowhere\.md") as caught:
        build_site(small_tree, out)
    assert "\n" not in str(caught.value)
    assert (out / "trace").is_file()
    assert [path.name for path in out.parent.iterdir()] == ["site"]
    build_site(small_tree, out, strict=False)
    assert not (out / "trace").exists()


def test_only_a_site_of_ours_is_replaced(small_tree, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.tex").write_text("years of work")
    with pytest.raises(PrunariumError, match="is not a site that Prunarium built"):
        build_site(small_tree, tmp_path / "home")
    assert (tmp_path / "home" / "thesis.tex").is_file()


def test_an_unwritable_place_is_one_line(small_tree, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(PrunariumError, match="cannot be written") as caught:
        build_site(small_tree, tmp_path / "file" / "site")
    assert "\n" not in str(caught.value)


def test_the_command_builds_and_says_where(small_tree, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(paths, "root", lambda: small_tree)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["prunarium", "site", "build"])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert not stopped.value.code
    built = len(list((tmp_path / "build" / "site").rglob("index.html")))
    assert capsys.readouterr().out.startswith(f"1 paper, 0 methods, {built} pages in build/site (")
    assert (tmp_path / "build" / "site" / "papers" / "tome" / "index.html").is_file()
    monkeypatch.setattr(sys, "argv", ["prunarium", "site", "build", "--out", str(tmp_path)])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 1
    assert capsys.readouterr().err.splitlines()[-1].endswith("name an empty or new folder")


def test_help_loads_neither_engine_nor_torch():
    code = (
        "import sys; from prunarium.cli import app; import prunarium.site; "
        "print([name for name in ('torch', 'mkdocs') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
