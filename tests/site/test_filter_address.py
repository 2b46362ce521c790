"""The address of a choice: any choice survives the way into the address and back, and has one address only."""

from random import Random
from urllib.parse import parse_qsl, urlencode, urlsplit

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .filtering import COUNTS, opened

SORTS = ("title", "-title", "year", "-year", "venue", "-venue")
GO = """address => { history.replaceState(null, '', address); dispatchEvent(new PopStateEvent('popstate')); }"""
KEEP = """() => document.getElementById('pr-filter').dispatchEvent(new Event('change'))"""
STATE = """() => ({
  chosen: [...document.querySelectorAll('#pr-filter input:checked')].map(box => `${box.name}=${box.value}`).sort(),
  text: document.getElementById('pr-text').value,
  sort: [...document.querySelectorAll('#pr-table [aria-sort]')].map(
    cell => (cell.ariaSort === 'descending' ? '-' : '') + cell.dataset.sort.replace('-', '')).join(),
  order: [...document.querySelectorAll('#pr-table tbody tr:not([hidden])')].map(row => row.dataset.id),
  search: location.search,
})"""
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=12).map(lambda text: text.strip())
UNKNOWN = [("venue", "nowhere"), ("year", "yes"), ("sort", "size"), ("code", "")]


def canonical(chosen, text, sort):
    """What the address has to be: sorted, without what is the case anyway."""
    usual = "" if text else "-year"
    pairs = [tuple(value.split("=")) for value in chosen]
    pairs += [("text", text)] if text else []
    pairs += [("sort", sort)] if sort and sort != usual else []
    return sorted(pairs)


def test_any_choice_survives_its_address(site, open_page):
    page = opened(open_page, site.url + "papers/")
    values = st.sets(st.sampled_from(sorted(page.evaluate(COUNTS))), max_size=6)

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(values, TEXTS, st.sampled_from(["", *SORTS]), st.sets(st.sampled_from(UNKNOWN)), st.integers(0, 9))
    def round_trip(chosen, text, sort, unknown, seed):
        pairs = [tuple(value.split("=")) for value in chosen] * 2 + [("text", text)]
        pairs += [pair for pair in unknown if pair[0] != "sort" or not sort] + ([("sort", sort)] if sort else [])
        Random(seed).shuffle(pairs)
        page.evaluate(GO, f"{urlsplit(page.url).path}?{urlencode(pairs)}")
        page.evaluate(KEEP)
        kept = page.evaluate(STATE)
        assert kept["chosen"] == sorted(chosen)
        assert kept["text"] == text
        assert kept["sort"] == (sort or ("" if text else "-year"))
        assert parse_qsl(kept["search"][1:], keep_blank_values=True) == canonical(chosen, text, sort)
        page.evaluate(GO, f"{urlsplit(page.url).path}{kept['search']}")
        assert not text or page.locator("#pr-shown").inner_text()
        page.evaluate(KEEP)
        again = page.evaluate(STATE)
        assert again.pop("order") == kept.pop("order") or text
        assert again == kept

    round_trip()


def test_what_nobody_knows_is_named(site, open_page):
    page = opened(open_page, f"{site.url}papers/?{urlencode(UNKNOWN)}&utm_source=somewhere")
    notice = page.locator("#pr-notice").inner_text()
    for name, value in UNKNOWN:
        assert f"{name}={value}" in notice
    assert "somewhere" not in notice, "what is no choice at all is none of its business"
