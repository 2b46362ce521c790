"""Built sites, served from this machine, and a real browser to look at them."""

import functools
import http.server
import os
import shutil
import threading
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml

from prunarium import paths
from prunarium.catalog import load
from prunarium.records import MeasuredScore, ReportedScore
from prunarium.site import build_site, content, pages
from prunarium.site.addresses import Addresses
from prunarium.site.docs import assets
from prunarium.site.documents import documents
from prunarium.site.engine import render
from prunarium.site.parameters import Parameters
from prunarium.site.tree import mirror
from tests.pictures.conftest import BUDGETS, HOSTILE, card, score

ODD_TITLE = "</script><script>window.odd = 1</script> \"A\" & 'B' | $x_i^2$ **bold** [l](u) {{ 7 * 7 }} &lt;i&gt; 🌱"
SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass(frozen=True)
class Site:
    """A built site: its folder, its address, and what it was built from."""

    folder: Path
    url: str
    content: content.Content


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def _serve(folder):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}/"


@pytest.fixture(scope="session")
def tree(tmp_path_factory):
    """A copy of this tree: what is built and what it is compared with are the same, whoever edits meanwhile."""
    root = tmp_path_factory.mktemp("tree")
    for name in ("catalog", "methods", "site"):
        shutil.copytree(paths.root() / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(paths.root() / "mkdocs.yml", root)
    return root


@pytest.fixture(scope="session")
def everything(tree):
    """The records of this tree."""
    return content.read(tree)


@pytest.fixture
def small_tree(tmp_path):
    """A tree that builds in a moment: vocabularies, two venues, one paper, no method."""
    root = tmp_path / "tree"
    shutil.copytree(paths.root() / "catalog", root / "catalog", ignore=shutil.ignore_patterns("papers"))
    (root / "catalog" / "papers").mkdir()
    shutil.copy(paths.root() / "catalog" / "papers" / "tome.yaml", root / "catalog" / "papers")
    venues = yaml.safe_load((root / "catalog" / "venues.yaml").read_text())["venues"]
    few = {"venues": [venue for venue in venues if venue["id"] in ("arxiv", "iclr")]}
    (root / "catalog" / "venues.yaml").write_text(yaml.safe_dump(few, sort_keys=False))
    shutil.copytree(paths.root() / "site", root / "site")
    (root / "methods").mkdir()
    shutil.copy(paths.root() / "mkdocs.yml", root)
    return root


@pytest.fixture(scope="session")
def site(tmp_path_factory, tree, everything):
    """The site of this tree."""
    folder = tmp_path_factory.mktemp("built") / "site"
    build_site(tree, folder)
    server, url = _serve(folder)
    yield Site(folder, url, everything)
    server.shutdown()


@pytest.fixture(scope="session")
def odd(everything):
    """One paper and its method whose every text is hostile, and scores of both kinds.

    The records refuse some of it; the pages must not depend on that.
    """
    method = next(method for method in everything.methods if method.id == "tome")
    paper = everything.catalogue.paper("tome")
    paper = paper.model_copy(
        update={
            "title": ODD_TITLE,
            "name": ODD_TITLE,
            "authors": [ODD_TITLE, 'Zoë "Z" Ö<b>'],
            "notes": [ODD_TITLE],
            "sources": {"title": f"https://example.org/ {ODD_TITLE}"},
            "mentions": [paper.mentions[0].model_copy(update={"title": ODD_TITLE, "section": ODD_TITLE})],
        }
    )
    method = replace(
        method,
        card=method.card.model_copy(update={"name": ODD_TITLE, "summary": ODD_TITLE, "differences": [ODD_TITLE]}),
        reported=(reported_score(),),
        measured=(measured_score(),),
    )
    return replace(everything, catalogue=replace(everything.catalogue, papers_by_id={"tome": paper}), methods=(method,))


@pytest.fixture(scope="session")
def odd_site(tmp_path_factory, odd):
    """The site of the hostile records."""
    folder = tmp_path_factory.mktemp("odd")
    shutil.copytree(paths.root() / "site" / "pages", folder / "docs")
    mirror(pages.pages(odd) | documents(odd) | assets(paths.root()), folder / "docs")
    render(paths.root() / "mkdocs.yml", folder / "docs", folder / "site", strict=True)
    server, url = _serve(folder / "site")
    yield Site(folder / "site", url, odd)
    server.shutdown()


def reported_score():
    """A row as a paper prints it."""
    return ReportedScore(
        reported_by=ODD_TITLE.replace("<", ""),
        own_claim=True,
        source="https://arxiv.org/abs/2210.09461",
        where="Table 1",
        read_on="2026-11-22",
        model="ViT-B",
        dataset="ImageNet-1k",
        setting={"r": 13, "layers": [1, 2]},
        trained=False,
        baseline={"top-1": 84.57},
        result={"top-1": 82.6},
        compute_baseline=17.6,
        compute=8.78,
        compute_unit="GFLOPs",
        no_counterpart=ODD_TITLE.replace("<", ""),
        speed_up=1.97,
        device="V100",
    )


def measured_score():
    """A score as ``prunarium run --record`` keeps it."""
    interval = {"median": 1.5, "low": 1.4, "high": 1.6, "ci_low": 1.45, "ci_high": 1.55, "repeats": 40}
    return MeasuredScore.model_validate(
        {
            "key": "0123456789abcdef",
            "method": "tome",
            "method_version": 1,
            "setting": "ToMe(r=8, proportional_attention=True)",
            "parameters": {"r": 8, "proportional_attention": True},
            "benchmark": "cluttered-digits",
            "benchmark_revision": 1,
            "model": "cluttered-digits-vit",
            "weights": "sha256:" + "0" * 64,
            "seed": 0,
            "trained": False,
            "quality": {
                "metric": "accuracy",
                "samples": 2000,
                "baseline": 0.98,
                "method": 0.961,
                "difference_low": -0.024,
                "difference_high": -0.0138,
                "answers": "0" * 64,
            },
            "cost": {
                "macs_baseline": 12_300_000,
                "macs": 6_150_000,
                "macs_own": 50_000,
                "tokens_baseline": [65] * 6,
                "tokens": [57.0, 49.0, 41.0, 33.0, 25.0, 17.0],
                "budget": 0.57,
            },
            "speed": [
                {
                    "batch_size": size,
                    "baseline_ms": interval,
                    "method_ms": interval,
                    "ratio": interval,
                    "own_ms": interval,
                    "own_share": 0.2,
                    "peak_memory_baseline": 2_000_000,
                    "peak_memory": 1_000_000,
                }
                for size in (1, 64)
            ],
            "environment": {
                "device": "AMD EPYC 7763",
                "device_kind": "cpu",
                "threads": 2,
                "precision": "float32",
                "python": "3.12.1",
                "platform": "Linux-6.8-x86_64",
                "versions": {"torch": "2.6.0", "timm": "1.0.20"},
                "commit": "2ed0b99" + "0" * 33,
                "dirty": True,
            },
            "command": "prunarium run tome --param r=8",
            "family": "vit",
            "measured_on": "2026-11-22",
        }
    )


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium: that of ``CHROMIUM``, or the first one on the path."""
    absent = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if path is None:
        absent("no Chromium: install one, or name it in the variable CHROMIUM")
    try:
        from playwright import sync_api
    except ImportError:
        absent("no Playwright: pip install playwright")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=list(SWITCHES))
        yield started
        started.close()


@pytest.fixture
def open_page(browser):
    """Opens a page of a site; afterwards, no error in it and no request to anybody else."""
    contexts, faults = [], []

    def open_page(url, **options):
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        here = "/".join(url.split("/")[:3]) + "/"
        page.on("request", lambda request: request.url.startswith(here) or faults.append(request.url))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("dialog", lambda dialog: faults.append(dialog.message))
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not faults


ODD_DEVICE = "H200 \"a\" & 'b'"


@pytest.fixture(scope="session")
def charted():
    """Two methods, one of a hostile name, and a yardstick on one benchmark: on two devices, and trained."""
    methods = [
        _charted("odd", HOSTILE, [score("odd", budget, budget**0.1) for budget in BUDGETS], trained=[0.5]),
        _charted("plain", "plain", [score("plain", budget, budget**0.2) for budget in BUDGETS], trained=BUDGETS),
        _charted("random", "random", [score("random", budget, budget) for budget in BUDGETS], baseline=True),
    ]
    addresses = Addresses("https://example.org/", "https://example.org/code/")
    return content.Content(
        replace(load(), papers_by_id={"tome": load().paper("tome")}), tuple(methods), addresses, None
    )


def _charted(name, shown, scores, baseline=False, trained=()):
    made = card(name, name, baseline).model_copy(update={"name": shown})
    scores += [score(name, budget, budget**0.15, trained=True) for budget in trained]
    scores += [] if baseline else [score(name, 0.5, 0.8, device=ODD_DEVICE)]
    return content.Method(made, Parameters(()), (), tuple(scores))


@pytest.fixture(scope="session")
def charted_site(tmp_path_factory, charted):
    """The site of them: its folder and its address."""
    folder = tmp_path_factory.mktemp("charted")
    shutil.copytree(paths.root() / "site" / "pages", folder / "docs")
    mirror(pages.pages(charted) | documents(charted) | assets(paths.root()), folder / "docs")
    render(paths.root() / "mkdocs.yml", folder / "docs", folder / "site", strict=False)
    server, url = _serve(folder / "site")
    yield folder / "site", url
    server.shutdown()
