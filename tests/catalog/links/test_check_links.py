"""``prunarium check-links`` as a curator runs it: what it says, and that it changes no record."""

import json
from pathlib import Path

import pytest
from werkzeug import Response

from tests.catalog.links.conftest import Site, invoke, run, write_paper

ALPHA, BETA = "catalog/papers/alpha.yaml", "catalog/papers/beta.yaml"


def contents(tree: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in (tree / "catalog").rglob("*") if path.is_file()}


def test_all_is_well(empty: Path, site: Site) -> None:
    shared = site.says("/shared", Response(""))
    write_paper(empty, "alpha", [shared, f"{shared}#part"])
    write_paper(empty, "beta", [shared])
    done = run(empty)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[1].split()[:2] == ["ok", "1"]
    assert done.stdout.endswith("\n1 addresses, 0 broken\n")
    assert site.log == [("HEAD", "/shared")]
    assert done.stderr.startswith("1 addresses, 1 of them to check; results in ")


def test_what_is_broken_or_moved_is_said_with_its_place_and_nothing_is_changed(
    empty: Path, site: Site, closed_port: str
) -> None:
    write_paper(
        empty,
        "alpha",
        [
            site.says("/ok", Response("")),
            site.says("/gone", Response("", 410)),
            site.says("/old", Response("", 301, {"Location": "/ok"})),
            site.says("/passing", Response("", 302, {"Location": "/ok"})),
            site.says("/secret", Response("", 403)),
            site.says("/fails", Response("", 500)),
            f"{closed_port}/x",
        ],
    )
    write_paper(empty, "beta", [site.url("/gone")])
    before = contents(empty)
    done = invoke(empty)
    table, lines = done.stdout.splitlines()[1:8], done.stdout.splitlines()[8:]
    assert [row.split()[:2] for row in table] == [
        [outcome, "1"] for outcome in ("ok", "redirected", "moved", "refused", "gone", "error", "unreachable")
    ]
    assert lines.pop(3).startswith(f"{ALPHA}:14: links.other[6]: unreachable: {closed_port}/x (no connection: ")
    assert lines == [
        f"{ALPHA}:9: links.other[1]: gone: {site.url('/gone')} (410 Gone)",
        f"{ALPHA}:10: links.other[2]: moved: {site.url('/old')} -> {site.url('/ok')}",
        f"{ALPHA}:13: links.other[5]: error: {site.url('/fails')} (500 Internal Server Error)",
        f"{BETA}:8: links.other[0]: gone: {site.url('/gone')} (410 Gone)",
        "7 addresses, 3 broken",
    ]
    assert (done.exit_code, contents(empty)) == (1, before)


def test_no_network_is_no_traceback(empty: Path, closed_port: str) -> None:
    write_paper(empty, "alpha", ["http://nobody.invalid/a", "https://nobody.invalid/b", f"{closed_port}/c"])
    done = run(empty)
    assert done.stdout.splitlines()[1].split()[:2] == ["unreachable", "3"]
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)


def test_json_has_every_address_with_its_places(empty: Path, site: Site) -> None:
    write_paper(empty, "alpha", [site.says("/old", Response("", 301, {"Location": "/new"}))])
    site.says("/new", Response(""))
    done = invoke(empty, "--json")
    data = json.loads(done.stdout)
    assert data["outcomes"] == {"moved": 1}
    address = data["addresses"][0]
    assert address["uses"] == [{"file": ALPHA, "line": 8, "field": "links.other[0]"}]
    assert (address["url"], address["moved_to"], address["status"]) == (site.url("/old"), site.url("/new"), 200)
    assert done.exit_code == 0


def test_some_papers_only(empty: Path, site: Site) -> None:
    for name in ("alpha", "beta"):
        write_paper(empty, name, [site.says(f"/{name}", Response(""))])
    assert invoke(empty, "beta").exit_code == 0
    assert site.log == [("HEAD", "/beta")]
    done = run(empty, "betta")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: there is no paper 'betta' (did you mean 'beta'?)")


def test_what_is_known_is_not_asked_again_until_it_is_too_old(empty: Path, site: Site) -> None:
    write_paper(empty, "alpha", [site.says("/ok", Response("")), site.says("/gone", Response("", 404))])
    assert invoke(empty).exit_code == 1
    site.log.clear()
    again = invoke(empty)
    assert (again.exit_code, site.log) == (1, [])
    assert "gone: " in again.stdout
    invoke(empty, "--since", "0d")
    assert site.log == [("HEAD", "/ok"), ("HEAD", "/gone"), ("GET", "/gone")]


def test_what_failed_is_asked_again(empty: Path, site: Site) -> None:
    write_paper(empty, "alpha", [site.says("/flaky", *[Response("", 500)] * 4, Response(""))])
    assert [invoke(empty).exit_code for _ in range(2)] == [1, 0]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--since", "1w"], "error: --since '1w' is neither a date nor a number of days; write 2026-11-01, or 7d\n"),
        (["--cache", "catalog/venues.yaml"], "holds no results of checks; name another file with --cache\n"),
    ],
)
def test_bad_options(empty: Path, options: list[str], words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(empty)
    before = contents(empty)
    done = run(empty, *options)
    assert (done.returncode, done.stdout, contents(empty)) == (1, "", before)
    assert done.stderr.endswith(words)


def test_a_broken_record_is_said_before_anything_is_asked(empty: Path, site: Site) -> None:
    write_paper(empty, "alpha", [site.url("/ok")])
    write_paper(empty, "beta", ["javascript:alert(1)"])
    done = run(empty)
    assert done.stderr.startswith(f"error: {BETA}:8: links.other[0]: is not a web address")
    assert (done.returncode, site.log) == (1, [])
