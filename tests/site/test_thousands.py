"""A catalogue of 5,000 papers: the filters follow at once, and the build grows with the number of papers, no faster."""

import random
import time
from dataclasses import replace

import pytest

from prunarium import paths
from prunarium.site import pages
from prunarium.site.docs import assets
from prunarium.site.engine import render
from prunarium.site.pages import papers
from prunarium.site.tree import mirror

from .conftest import _serve
from .filtering import COUNTS, SHOWN, Oracle, box, opened, summary

TIMES = """async () => {
  const painted = () => new Promise(done => requestAnimationFrame(() => {
    const channel = new MessageChannel();  // its message comes when the frame is painted
    channel.port1.onmessage = done;
    channel.port2.postMessage(0);
  }));
  const timed = async task => {
    await painted();
    const start = performance.now();
    task();
    await painted();
    return performance.now() - start;
  };
  const yard = document.body.appendChild(document.createElement('iframe')).contentDocument.body;
  const table = `<table>${'<tr><td>Some words <a href="">of a link</a></td><td>2026</td></tr>'.repeat(2000)}`;
  const boxes = [...document.querySelectorAll('#pr-filter input[type=checkbox]')];
  const choices = [], tables = [];
  for (let place = 0; place < boxes.length; place += Math.ceil(boxes.length / 12)) {
    const on = [], off = [];
    for (let turn = 0; turn < 3; turn++) {
      on.push(await timed(() => boxes[place].click()));
      off.push(await timed(() => boxes[place].click()));
      tables.push(await timed(() => { yard.innerHTML = table; }));
    }
    choices.push(Math.min(...on), Math.min(...off));
  }
  const sorted = times => times.sort((a, b) => a - b);
  return [sorted(choices)[Math.floor(0.95 * choices.length)], sorted(tables)[tables.length >> 1]];
}"""


def grown(everything, number):
    """The catalogue with as many papers as wanted: each with the facets of several others."""
    draw, known = random.Random(0), list(everything.catalogue)
    made = {}
    for place in range(number):
        paper, other, third = draw.choice(known), draw.choice(known), draw.choice(known)
        made[f"{paper.id}-{place}"] = paper.model_copy(
            update={
                "id": f"{paper.id}-{place}",
                "title": f"{paper.title} {place}",
                "year": draw.randint(2015, 2026),
                "venue": other.venue,
                "categories": third.categories,
                "links": other.links,
            }
        )
    return replace(everything, catalogue=replace(everything.catalogue, papers_by_id=made))


@pytest.fixture(scope="module")
def thousands(everything, tmp_path_factory):
    """The papers page of 5,000 records, and its address."""
    folder, content = tmp_path_factory.mktemp("thousands"), grown(everything, 5000)
    mirror(papers.pages(content) | {"index.md": b"# Home\n"} | assets(paths.root()), folder / "docs")
    render(paths.root() / "mkdocs.yml", folder / "docs", folder / "site", strict=False)
    server, url = _serve(folder / "site")
    yield content, url + "papers/"
    server.shutdown()


def test_a_choice_among_thousands_agrees_with_the_records(thousands, open_page):
    content, url = thousands
    page, oracle = opened(open_page, url), Oracle(content)
    chosen = {"modality": ["vision", "video"], "code": ["yes"], "year": ["2024"]}
    for facet, values in chosen.items():
        for value in values:
            box(page, facet, value).check()
    shown = oracle.shown(chosen)
    assert 10 < len(shown) < 1000
    assert set(page.evaluate(SHOWN)) == shown
    assert page.evaluate(COUNTS) == oracle.counts(chosen)
    page.get_by_role("button", name="Paper", exact=True).click()
    titles = [content.catalogue.paper(one).title for one in page.evaluate(SHOWN)]
    assert len(titles) == len(shown)
    page.get_by_role("button", name="Clear all").click()
    assert page.locator("#pr-shown").inner_text() == summary(5000, 5000)


@pytest.mark.slow
@pytest.mark.parametrize(("many", "promise"), [(False, 50), (True, 100)])
def test_a_choice_is_shown_at_once(site, thousands, open_page, many, promise):
    """The promise is 50 ms from a click to the painted result, 100 ms among 5,000 papers, for 95 of 100 clicks.

    This machine may be busy: the clicks take turns with a table of 2,000 plain rows, for which Chromium alone needs
    about 100 ms. Where that takes longer, so may a choice. Of three clicks on a box the fastest counts.
    """
    page = opened(open_page, thousands[1] if many else site.url + "papers/")
    tries = []
    for _ in range(3):
        choice, plain = page.evaluate(TIMES)
        tries.append(choice / max(1, plain / 100))
        print(f"95 of 100 choices are painted in {choice:.1f} ms, a table of 2,000 plain rows in {plain:.1f} ms")
        if tries[-1] < promise:
            return
    pytest.fail(
        f"a choice takes {min(tries):.1f} ms where a table of 2,000 plain rows takes 100, and may take {promise}"
    )


@pytest.mark.slow
def test_the_pages_take_time_in_proportion_to_the_papers(everything):
    few, many = (grown(everything, number) for number in (400, 1600))
    seconds = {}
    for content in (few, many, few, many):
        started = time.process_time()
        assert len(pages.pages(content)) > len(content.catalogue)
        taken = time.process_time() - started
        seconds[len(content.catalogue)] = min(taken, seconds.get(len(content.catalogue), taken))
    print(seconds)
    assert seconds[1600] < 4 * 1.5 * seconds[400]
