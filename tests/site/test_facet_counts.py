"""The table and the counts beside the values, against an oracle: any combination of choices, words and orders."""

import random

from .filtering import COUNTS, FACETS, SHOWN, Oracle, in_sight, indexed, opened, summary, words

CHOOSE = """async ([picked, text]) => {
  for (const box of document.querySelectorAll('#pr-filter input[type=checkbox]'))
    box.checked = picked.includes(`${box.name}=${box.value}`);
  document.getElementById('pr-filter').dispatchEvent(new Event('change', { bubbles: true }));
}"""
TEXTS = ("", "token", "vision transformer", "li", "prun", "kv cache")


def test_any_choice_agrees_with_the_records(site, open_page):
    draw, oracle = random.Random(0), Oracle(site.content)
    page = opened(open_page, site.url + "papers/")
    values = sorted(page.evaluate(COUNTS))
    assert {value.split("=")[0] for value in values} == set(FACETS)
    for text in TEXTS:
        found = None
        if text:
            words(page).fill(text)
            found = {paper.id for paper in oracle.papers if in_sight(paper, text)} | set(indexed(page, text))
            assert found
            said = summary(len(found), len(oracle.papers))
            page.wait_for_function("said => document.getElementById('pr-shown').textContent === said", arg=said)
        for _ in range(40):
            picked = draw.sample(values, draw.choice((1, 1, 2, 3, 4, 8, 20)))
            chosen = {}
            for pair in picked:
                facet, value = pair.split("=")
                chosen.setdefault(facet, []).append(value)
            page.evaluate(CHOOSE, [picked, text])
            shown = oracle.shown(chosen, found)
            assert set(page.evaluate(SHOWN)) == shown, (picked, text)
            assert page.evaluate(COUNTS) == oracle.counts(chosen, found), (picked, text)
            assert page.locator("#pr-shown").inner_text() == summary(len(shown), len(oracle.papers))
        page.evaluate(CHOOSE, [[], text])


def test_what_the_page_says_without_a_script_is_true(site, open_page):
    page = open_page(site.url + "papers/", java_script_enabled=False)
    assert page.evaluate(COUNTS) == Oracle(site.content).counts({})
