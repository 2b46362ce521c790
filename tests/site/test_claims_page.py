"""Reported beside measured: every row once, with its status in words; a status in the address shows its rows alone."""

import re
from html import unescape

import pytest

from prunarium.registry.claims import row_status
from prunarium.site.pages import claims


@pytest.fixture(scope="module")
def page(everything):
    return claims.pages(everything)["benchmarks/claims/index.md"].decode()


def test_every_row_is_there_once_with_its_status(everything, page):
    rows = re.findall(r'<tr role="row" id="([\w-]+)" data-status="([\w-]+)">.*?pr-badge[^>]*>([\w ]+)</span>', page)
    expected = {
        f"{method.id}-{place}": row_status(held)
        for method in everything.methods
        for place, (_, held) in enumerate(method.claims, start=1)
    }
    assert {anchor: words for anchor, _, words in rows} == expected
    assert len(rows) == len(expected) and all(status == words.replace(" ", "-") for _, status, words in rows)


def test_the_counts_are_those_of_the_rows(everything, page):
    counts = claims.counts(claims.held(everything))
    for status in claims.STATUSES:
        assert f'<a href="#{status.replace(" ", "-")}">{status.capitalize()}</a><small>{counts[status]} rows' in page
        assert len(re.findall(f'data-status="{status.replace(" ", "-")}"', page)) == counts[status]


def test_every_reason_is_on_the_page(everything, page):
    text = unescape(page)
    reasons = {claim.reason for method in everything.methods for _, held in method.claims for claim in held}
    assert all(reason in text for reason in reasons)


def test_hostile_rows_are_text(odd):
    assert "<script>window.odd" not in claims.pages(odd)["benchmarks/claims/index.md"].decode()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_status_in_the_address_shows_its_rows_alone(site, open_page, scripts):
    page = open_page(f"{site.url}benchmarks/claims/", java_script_enabled=scripts)
    page.get_by_role("link", name="Within noise").click()
    assert page.url.endswith("#within-noise")
    shown = page.locator(".pr-held:visible")
    noisy = [one for one in claims.held(site.content) if one.counts["within noise"]]
    assert shown.count() == len(noisy) > 0
    if scripts:  # they open by themselves
        rows = page.locator("tr[data-status]:visible")
        assert rows.count() == sum(one.counts["within noise"] for one in noisy)
        assert set(rows.evaluate_all("rows => rows.map((row) => row.dataset.status)")) == {"within-noise"}
        page.go_back()
        assert page.locator(".pr-held:visible").count() == len(claims.held(site.content))
