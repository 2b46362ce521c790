"""The page of a method: what it says comes from the method, and all code on it runs."""

import gzip
import itertools
import re
import shlex
from dataclasses import replace
from html import unescape

import pytest
from typer.main import get_command

from prunarium import registry
from prunarium.bench.conditions import OFF_THE_SHELF, training_of
from prunarium.bench.draws import setting_without_seed
from prunarium.bench.pictures.trade_off import trade_offs
from prunarium.cli import app
from prunarium.site import snippets
from prunarium.site.family_curves import HEIGHT, WIDTH, family_curves
from prunarium.site.pages import method as method_page
from prunarium.site.workings import Acting, workings_of

from .test_built_site import Links

METHODS = sorted(registry.cards())
PAGE_WITH_ALL_IT_LOADS = 92_000
FAST = "--samples 16 --seconds 0 --batch-size 1 --threads 1"


def page_of(everything, method):
    """The page of one method, as text without tags."""
    changed = tuple(method if one.id == method.id else one for one in everything.methods)
    made = method_page.pages(replace(everything, methods=changed))[f"methods/{method.id}/index.md"].decode()
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", made)).split())


def named(everything, name):
    return next(method for method in everything.methods if method.id == name)


@pytest.mark.parametrize("name", METHODS)
def test_every_python_snippet_runs(everything, name, capsys):
    made = snippets.in_python(named(everything, name))
    assert bool(made) is not registry.load_class(name).asks
    for snippet in made:
        exec(compile(snippet.code, f"{name}: {snippet.title}", "exec"), {})
        printed = capsys.readouterr().out
        assert re.search(r"block +0:", printed), printed


def test_every_command_is_one_of_the_command_line(everything):
    command = get_command(app)
    for method in everything.methods:
        for line in [*snippets.in_terminal(method), *(line for line, _ in snippets.reproducing(method))]:
            program, name, *words = shlex.split(line)
            assert program == "prunarium"
            context = command.make_context("prunarium", [name])
            command.commands[name].make_context(name, words, parent=context)


@pytest.mark.parametrize("name", ["topk-cls", pytest.param("fastv", marks=pytest.mark.slow), "identity"])
def test_the_commands_run(everything, prunarium, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for line in snippets.in_terminal(named(everything, name)):
        words = shlex.split(line)[1:]
        done = prunarium(*words, *(FAST.split() if words[0] == "run" else ()))
        assert done.code == 0, done.err
    assert prunarium("claims", name).code == 0


def test_what_a_class_says_is_on_its_page(everything):
    tome = page_of(everything, named(everything, "tome"))
    assert "Merge the r most similar token pairs in every block." in tome
    assert "ICLR 2023 (arXiv 2210.09461), section 3" in tome
    assert "Keys of this block, after any normalisation ( keys )" in tome
    assert "acts in each of 12 blocks" in tome
    evo_vit = page_of(everything, named(everything, "evo-vit"))
    assert "Softmaxed attention from the cls token to all tokens of the block before" in evo_vit
    assert "sets aside tokens" in evo_vit
    assert "acts in block 2 of 32, counted from 0" in page_of(everything, named(everything, "fastv"))
    assert "In a vision transformer" in (random := page_of(everything, named(everything, "random")))
    assert "In a vision-language model" in random
    assert "leaves every token of every input where it is" in page_of(everything, named(everything, "identity"))


@pytest.mark.parametrize("name", METHODS)
def test_the_workings_are_those_of_the_class(name):
    how, kind = workings_of(str(registry.folder_of(name))), registry.load_class(name)
    method = kind()
    assert {one.name for one in how.reads} == method.needs
    assert how.adaptive is method.adaptive
    assert [one.family for one in how.acting] == list(method.families)
    assert all("``" not in one.meaning and "[" not in one.meaning for one in how.reads)


@pytest.mark.parametrize(
    "blocks, words",
    [
        ((), "none of 12 blocks"),
        ((3,), "block 3 of 12, counted from 0"),
        ((3, 6), "blocks 3 and 6 of 12, counted from 0"),
        ((3, 6, 9), "blocks 3, 6 and 9 of 12, counted from 0"),
        ((4, 5, 6), "blocks 4 to 6 of 12, counted from 0"),
        (tuple(range(12)), "each of 12 blocks"),
    ],
)
def test_blocks_in_words(blocks, words):
    assert Acting("vit", 12, blocks).words == f"in {words}"


@pytest.mark.parametrize(
    "blocks, places, words",
    [
        ((), ("encode",), "between the vision tower and the projector"),
        ((2,), ("reduce",), "in block 2 of 32, counted from 0"),
        (
            (2,),
            ("project", "reduce"),
            "between the projector and the language model, in block 2 of 32, counted from 0",
        ),
        ((), ("evict",), "on the cache, once the prompt has been read"),
    ],
)
def test_places_in_words(blocks, places, words):
    assert Acting("vlm", 32, blocks, places).words == words


def test_what_is_not_there_is_said(everything):
    tome = named(everything, "tome")
    older = tome.token_maps.model_copy(update={"method_version": 7})
    assert "The token maps are of version 7 of the method, which is at version 1." in page_of(
        everything, replace(tome, token_maps=older)
    )
    bare = page_of(everything, replace(tome, token_maps=None, workings=None, measured=(), reported=()))
    assert "No token maps made yet." in bare
    assert "How it works cannot be drawn" in bare
    assert "Nothing measured yet." in bare
    assert "No claims of papers collected yet." in bare
    assert "timm.create_model" not in bare, "whether its parts have to be trained is not known"


def test_trained_and_off_the_shelf_never_share_a_table(everything):
    both = draws = 0
    for method in everything.methods:
        groups = list(method_page._measured(method.runs))
        rows = {one.key: one for group in groups for one in (*group.shown, *group.folded)}
        others = [one for one in method.runs if one.key not in rows]
        assert len(others) == sum(group.other_draws for group in groups)
        told = {(one.benchmark, one.trained, setting_without_seed(one)) for one in rows.values()}
        assert all((one.benchmark, one.trained, setting_without_seed(one)) in told for one in others)
        draws += len(others)
        both += len(groups) > 1
        for group in groups:
            assert {training_of(one).capitalize() for one in (*group.shown, *group.folded)} == {group.title}
        rows = [row for group in method_page._reported(method.claims) for row, _ in group.rows]
        assert len(rows) == sum(row.own_claim for row in method.reported)
        for group in method_page._reported(method.claims):
            assert len({row.trained for row, _ in group.rows}) == 1
        assert len({row["score"].trained for row in method_page._tokens(method.runs)}) <= 1
    assert both >= 2 and draws >= 2


def test_a_curve_is_drawn_among_its_family(everything):
    cards = {method.id: method.card for method in everything.methods}
    found = trade_offs(everything.scores, cards)
    drawn = family_curves("tome", found)
    assert [one.trained for one in drawn] == [False, True]
    for one in drawn:
        fitting = next(
            trade_off
            for trade_off in found
            if trade_off.condition.benchmark == one.benchmark
            and (trade_off.condition.training != OFF_THE_SHELF) is one.trained
            and any(curve.method == "tome" for curve in trade_off.curves)
        )
        assert len(one.lines) == len(fitting.curves)
        assert {line.kind for line in one.lines if line.spots} == {"own"}
        for x, y in (map(float, place.split(",")) for line in one.lines for place in line.points.split()):
            assert 0 <= x <= WIDTH and 0 <= y <= HEIGHT
        assert all(4 <= tick.at <= HEIGHT for tick in one.y_ticks) and len(one.y_ticks) >= 2
    assert family_curves("nobody", found) == []


def test_links_and_citation(everything):
    found = {path: text.decode() for path, text in method_page.pages(everything).items()}
    made = found["methods/tome/index.md"]
    assert f'href="{everything.addresses.source("methods/tome/method.py")}"' in made
    assert "@inproceedings{tome," in made
    assert "prunarium verify tome --fast" in made
    assert "prunarium bench tome --budget 0.75,0.5,0.25" in made
    identity = found["methods/identity/index.md"]
    assert "prunarium bench identity<" in identity, "it reaches no other budget than 1"
    assert 'id="cite"' not in identity


def test_no_page_is_heavy(site):
    for method in site.content.methods:
        folder = site.folder / "methods" / method.id
        html = (folder / "index.html").read_bytes()
        resources = {(folder / link.split("?")[0]).resolve() for link in Links(html.decode()).resources}
        pictures = {(folder / link).resolve() for link in re.findall(r'<image href="([^"]+)"', html.decode())}
        sizes = [len(gzip.compress(file.read_bytes())) for file in resources | pictures]
        assert len(gzip.compress(html)) + sum(sizes) < PAGE_WITH_ALL_IT_LOADS, method.id


@pytest.mark.parametrize("name, width", [("tome", 320), ("fastv", 768), ("random", 320), ("evit", 768), ("atc", 1280)])
def test_nothing_scrolls_sideways(site, open_page, name, width):
    page = open_page(f"{site.url}methods/{name}/", viewport={"width": width, "height": 900})
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_headings_are_in_order(site):
    html = (site.folder / "methods" / "tome" / "index.html").read_text(encoding="utf-8")
    levels = [int(level) for level in re.findall(r"<h([1-6])\b", html[html.index("pr-page") :])]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
