"""``prunarium add``: records from what arXiv and Crossref say, and one clear line where they say nothing of use."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from pytest_httpserver import HTTPServer
from typer.testing import CliRunner
from werkzeug import Request, Response

from prunarium.catalog import load, web
from prunarium.catalog.validate import validate
from prunarium.cli import app
from prunarium.errors import PrunariumError
from prunarium.records import Paper, VenueReference

FEED = """\
<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
  <link href="http://arxiv.org/api/query?id_list%3D2402.02400" rel="self" type="application/atom+xml"/>
  <title type="html">ArXiv Query: search_query=&amp;id_list=2402.02400&amp;start=0&amp;max_results=1</title>
  <id>http://arxiv.org/api/cHxbiOdZaP56ODnBPIenZhzg5f8</id>
  <updated>2024-03-01T00:00:00-05:00</updated>
  <opensearch:totalResults xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">1</opensearch:totalResults>
{entries}</feed>
"""
ENTRY = """\
  <entry>
    <id>http://arxiv.org/abs/{arxiv_id}v2</id>
    <updated>2024-02-20T09:00:00Z</updated>
    <published>2024-02-04T09:00:00Z</published>
    <title>{title}</title>
    <summary>  Words of the abstract.
</summary>
    <author>
      <name>Ada Example</name>
    </author>
    <author>
      <name>Jos&#233; \u00d1and\u00fa</name>
      <arxiv:affiliation xmlns:arxiv="http://arxiv.org/schemas/atom">A University</arxiv:affiliation>
    </author>
{more}    <link href="http://arxiv.org/abs/{arxiv_id}v2" rel="alternate" type="text/html"/>
    <arxiv:primary_category xmlns:arxiv="http://arxiv.org/schemas/atom" term="cs.CV"/>
  </entry>
"""
ERROR_ENTRY = """\
  <entry>
    <id>http://arxiv.org/api/errors#incorrect_id_format_for_2402.02400</id>
    <title>Error</title>
    <summary>incorrect id format for 2402.02400</summary>
    <author><name>arXiv api core</name></author>
  </entry>
"""
NAMESPACE = 'xmlns:arxiv="http://arxiv.org/schemas/atom"'
WORK = {
    "DOI": "10.5555/zeta.1",
    "type": "proceedings-article",
    "title": ["Zeta: Reading <i>Every</i> Third Word &amp; More"],
    "author": [
        {"given": "Ada", "family": "Example", "sequence": "first", "affiliation": []},
        {"given": "Bo", "family": "Sample", "suffix": "Jr.", "sequence": "additional"},
        {"name": "The Third Word Team", "sequence": "additional"},
    ],
    "container-title": ["Proceedings of the 12th Imaginary Conference on Example Learning (ICXL)"],
    "published-online": {"date-parts": [[2022, 12, 30]]},
    "published-print": {"date-parts": [[2023, 6]]},
    "issued": {"date-parts": [[2022, 12, 30]]},
}
UNKNOWN = "which venues.yaml does not hold."
ARXIV, DOI = "2402.02400", "10.5555/zeta.1"
BEFORE = {"alpha.yaml", "beta.yaml"}


def feed(title: str = "Epsilon: Small Steps", more: str = "", arxiv_id: str = ARXIV) -> str:
    return FEED.format(entries=ENTRY.format(title=escape(title), more=more, arxiv_id=arxiv_id))


def work(**changes: object) -> str:
    message = {key: value for key, value in {**WORK, **changes}.items() if value is not None}
    return json.dumps({"status": "ok", "message-type": "work", "message-version": "1.0.0", "message": message})


def dated(date: object) -> str:
    """A work with this date in place of its own."""
    return work(issued=date, **{"published-print": None, "published-online": None})


@pytest.fixture(autouse=True)
def apis(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[HTTPServer]:
    """A server in place of both APIs, asked by a session that is less patient than usual."""
    monkeypatch.setenv("PRUNARIUM_ARXIV_API", httpserver.url_for("/api/query"))
    monkeypatch.setenv("PRUNARIUM_CROSSREF_API", httpserver.url_for("/works"))
    monkeypatch.setattr(web, "session", partial(web.session, delay=0.01, timeout=0.5))
    yield httpserver
    httpserver.check_assertions()


def answer(apis: HTTPServer, reference: str, body: str | bytes = "", status: int = 200) -> None:
    uri = "/api/query" if reference == ARXIV else f"/works/{DOI}"
    apis.expect_request(uri).respond_with_data(body, status, content_type="application/xml; charset=utf-8")


def add(tree: Path, *arguments: str) -> str:
    done = CliRunner().invoke(app, ["add", *arguments, "--root", str(tree)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def files(tree: Path) -> set[str]:
    """Every file of papers, temporary ones too."""
    return {path.name for path in (tree / "catalog" / "papers").iterdir()}


def refused(tree: Path, *arguments: str) -> str:
    """The one line that says why nothing was written."""
    with pytest.raises(PrunariumError) as caught:
        add(tree, *arguments)
    assert files(tree) == BEFORE
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def test_an_arxiv_paper_becomes_a_valid_record(tree: Path, apis: HTTPServer) -> None:
    answer(apis, ARXIV, feed("Epsilon: Small\n  Steps"))
    shown = add(
        tree, "arXiv:2402.02400v1", "--category", "Token pruning", "--modality", "vision", "--training", "training-free"
    )
    paper = load(tree).paper("epsilon")
    source = f"arXiv API ({apis.url_for('/api/query')}?id_list=2402.02400)"
    assert paper == Paper.model_validate(
        {
            "id": "epsilon",
            "title": "Epsilon: Small Steps",
            "name": "Epsilon",
            "authors": ["Ada Example", "José Ñandú"],
            "year": 2024,
            "venue": {"id": "arxiv", "year": 2024, "status": "preprint"},
            "kind": "method",
            "modalities": ["vision"],
            "categories": ["token-pruning"],
            "training": "training-free",
            "identifiers": {"arxiv": "2402.02400"},
            "sources": dict.fromkeys(["title", "authors", "year", "venue", "identifiers.arxiv"], source),
        }
    )
    assert validate(tree) == []
    assert shown.startswith((tree / "catalog" / "papers" / "epsilon.yaml").read_text())
    assert shown.endswith("wrote catalog/papers/epsilon.yaml; fill in what it lacks, then run 'prunarium validate'\n")
    ((request, _),) = apis.log
    assert request.args.to_dict() == {"id_list": "2402.02400", "max_results": "1"}
    assert request.headers["User-Agent"].startswith("prunarium/")


def test_what_arxiv_says_of_acceptance_is_a_note_and_no_venue(tree: Path, apis: HTTPServer) -> None:
    more = (
        f"    <arxiv:doi {NAMESPACE}>10.1234/EPSILON</arxiv:doi>\n"
        f"    <arxiv:comment {NAMESPACE}>Accepted at ICXL 2024, 12 pages</arxiv:comment>\n"
        f"    <arxiv:journal_ref {NAMESPACE}>ICXL 2024, p. 7</arxiv:journal_ref>\n"
    )
    answer(apis, ARXIV, feed(more=more))
    add(tree, ARXIV)
    paper = load(tree).paper("epsilon")
    assert paper.venue == VenueReference(id="arxiv", year=2024, status="preprint")
    assert paper.notes == [
        "The arXiv record names a journal or venue, not checked: ICXL 2024, p. 7",
        "The arXiv record has this comment of the authors, not checked: Accepted at ICXL 2024, 12 pages",
    ]
    assert paper.identifiers.doi == "10.1234/epsilon"


def test_two_dois_in_one_field_and_something_else(tree: Path, apis: HTTPServer) -> None:
    answer(apis, ARXIV, feed(more=f"    <arxiv:doi {NAMESPACE}>see 10.1234/E.1 10.1234/E.2</arxiv:doi>\n"))
    add(tree, ARXIV)
    paper = load(tree).paper("epsilon")
    assert paper.identifiers.doi == "10.1234/e.1"
    assert paper.notes == ["The arXiv record gives a second DOI, not checked: 10.1234/e.2"]


def test_a_comment_on_the_size_is_no_note(tree: Path, apis: HTTPServer) -> None:
    answer(apis, ARXIV, feed(more=f"    <arxiv:comment {NAMESPACE}>12 pages, 4 figures and 2 tables</arxiv:comment>\n"))
    add(tree, ARXIV)
    assert load(tree).paper("epsilon").notes == []


def test_a_crossref_work_becomes_a_valid_record(tree: Path, apis: HTTPServer) -> None:
    answer(apis, DOI, work())
    add(tree, "https://doi.org/10.5555/ZETA.1")
    paper = load(tree).paper("zeta")
    assert paper.title == "Zeta: Reading Every Third Word & More"
    assert paper.authors == ["Ada Example", "Bo Sample Jr.", "The Third Word Team"]
    assert paper.venue is not None and (paper.venue.id, paper.venue.year, paper.venue.status) == (
        "icxl",
        2023,
        "published",
    )
    assert (paper.year, paper.identifiers.doi, paper.notes) == (2023, DOI, [])
    assert set(paper.sources) == {"title", "authors", "year", "venue", "identifiers.doi"}
    assert validate(tree) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"container-title": ["No <i>Where</i>"]}, {"venue": None, "notes": [f"Appeared in No Where, {UNKNOWN}"]}),
        ({"container-title": ["Nowhere"], "event": {"name": "A Meeting", "acronym": "ICXL"}}, {"venue": "icxl"}),
        ({"container-title": None, "institution": [{"name": "IEEE ICXL"}]}, {"venue": "icxl"}),
        ({"container-title": ["A Series", "Example Learning – ICXL 2023"]}, {"venue": "icxl", "track": None}),
        ({"container-title": ["Findings of Example Learning: ICXL 2023"]}, {"venue": "icxl", "track": "findings"}),
        ({"published-print": None}, {"year": 2022}),
        ({"title": ["Zeta"], "subtitle": ["More\n Words"]}, {"title": "Zeta: More Words"}),
        ({"author": None}, {"authors": []}),
        ({"author": [{"family": "Plato"}, "not a mapping", {}]}, {"authors": ["Plato"]}),
    ],
)  # fmt: skip
def test_crossref_records_that_say_less_or_more(
    tree: Path, apis: HTTPServer, changes: dict[str, object], expected: dict[str, object]
) -> None:
    answer(apis, DOI, work(**changes))
    data = json.loads(add(tree, DOI, "--json"))
    paper = load(tree).paper(data["record"]["id"])
    found = paper.model_dump()
    found |= {"venue": paper.venue and paper.venue.id, "track": paper.venue and paper.venue.track}
    assert {field: found[field] for field in expected} == expected
    assert data["written"] is True


def test_a_dry_run_shows_and_writes_nothing(tree: Path, apis: HTTPServer) -> None:
    answer(apis, ARXIV, feed())
    assert "title: 'Epsilon: Small Steps'\n" in (shown := add(tree, ARXIV, "--dry-run"))
    assert shown.endswith("would write catalog/papers/epsilon.yaml\n")
    assert files(tree) == BEFORE


@pytest.mark.parametrize(
    "reference",
    [
        "2301.01230", "arxiv:2301.01230v3", "https://arxiv.org/abs/2301.01230", "https://arxiv.org/pdf/2301.01230v2.pdf",
        "10.48550/arXiv.2301.01230", "https://doi.org/10.48550/arXiv.2301.01230", "10.1234/ALPHA", "doi:10.1234/alpha",
    ],
)  # fmt: skip
def test_a_known_identifier_is_refused_before_anybody_is_asked(tree: Path, apis: HTTPServer, reference: str) -> None:
    assert refused(tree, reference).startswith("catalog/papers/alpha.yaml has the ")
    assert apis.log == []


def test_an_identifier_that_only_the_answer_shows_is_refused(tree: Path, apis: HTTPServer) -> None:
    answer(apis, ARXIV, feed(more=f"    <arxiv:doi {NAMESPACE}>10.1234/Alpha</arxiv:doi>\n"))
    for options in ([], ["--force"], ["--dry-run"]):
        assert refused(tree, ARXIV, *options).startswith("catalog/papers/alpha.yaml has the DOI 10.1234/alpha: it is")


def test_a_likely_title_is_shown_and_refused_unless_forced(tree: Path, apis: HTTPServer) -> None:
    answer(apis, ARXIV, feed("Alphas: Forgetting Half of the Pictures"))
    expected = "this may be catalog/papers/alpha.yaml (titles "
    assert refused(tree, ARXIV).startswith(expected)
    with pytest.raises(PrunariumError):
        add(tree, ARXIV, "--json")
    shown = add(tree, ARXIV, "--force")
    assert "alpha alphas  titles " in shown
    assert load(tree).paper("alphas").year == 2024


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        pytest.param(FEED.format(entries=""), 200, "arXiv knows no paper 2402.02400; correct the id", id="no entry"),
        pytest.param(FEED.format(entries=ERROR_ENTRY), 400, "no paper 2402.02400 (incorrect id format", id="error"),
        pytest.param(feed(arxiv_id="2402.99999"), 200, "arXiv knows no paper 2402.02400; correct", id="another paper"),
        pytest.param(feed(title=" "), 200, "arXiv's answer about 2402.02400 gives no title or no date", id="no title"),
        pytest.param(feed("A <script>x</script> <b"), 200, "makes no record: title holds HTML markup", id="markup"),
        pytest.param(feed()[:900], 200, "arXiv's answer about 2402.02400 is no Atom feed that", id="truncated"),
        pytest.param("<html><body><h1>Sorry</h1></body></html>", 200, "is no Atom feed", id="an HTML page"),
        pytest.param("<!doctype html><html><br>Sorry", 200, "is no Atom feed", id="a broken HTML page"),
        pytest.param("", 200, "is no Atom feed", id="empty"),
        pytest.param(feed("Épsilon").encode("latin-1"), 200, "is no Atom feed", id="not UTF-8"),
        pytest.param(feed().replace("UTF-8", "no-such-encoding"), 200, "is no Atom feed", id="unknown encoding"),
        pytest.param("", 404, "is no Atom feed", id="404"),
        pytest.param("", 503, "is busy or broken (status 503); try again later", id="503"),
        pytest.param("", 429, "is busy or broken (status 429); try again later", id="429 for good"),
    ],
)  # fmt: skip
def test_arxiv_answers_of_no_use(tree: Path, apis: HTTPServer, body: str | bytes, status: int, expected: str) -> None:
    answer(apis, ARXIV, body, status)
    assert expected in refused(tree, ARXIV)


def test_an_entity_bomb_is_refused_at_once(tree: Path, apis: HTTPServer) -> None:
    lines = ['<!ENTITY e0 "bomb">', *(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))]
    bomb = f"<!DOCTYPE feed [{''.join(lines)}]>\n<feed"
    answer(apis, ARXIV, feed("&e9;").replace("<feed", bomb).replace("&amp;e9;", "&e9;"))
    assert "is no Atom feed that can be read" in refused(tree, ARXIV)


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        pytest.param("Resource not found.", 404, "Crossref knows no DOI 10.5555/zeta.1; correct it", id="404"),
        pytest.param(work(title=[]), 200, "Crossref's record of 10.5555/zeta.1 gives no title", id="no title"),
        pytest.param(dated(None), 200, "gives no year", id="no year"),
        pytest.param(dated({"date-parts": [[None]]}), 200, "gives no year", id="an empty year"),
        pytest.param(dated([2022]), 200, "gives no year", id="a year elsewhere"),
        pytest.param("[]", 200, "Crossref's answer about 10.5555/zeta.1 cannot be read", id="a list"),
        pytest.param('{"message": "no"}', 200, "cannot be read", id="no work"),
        pytest.param("<html>Sorry</html>", 200, "cannot be read", id="an HTML page"),
        pytest.param(work()[:200], 200, "cannot be read", id="truncated"),
        pytest.param('{"message": {"title": ["\xe9"]}}'.encode("latin-1"), 200, "cannot be read", id="not UTF-8"),
        pytest.param("[" * 100_000, 200, "cannot be read", id="too deep"),
        pytest.param(dated({"date-parts": [[20222]]}), 200, "makes no record: year is 20222", id="no such year"),
        pytest.param("", 500, "is busy or broken (status 500)", id="500"),
    ],
)  # fmt: skip
def test_crossref_answers_of_no_use(
    tree: Path, apis: HTTPServer, body: str | bytes, status: int, expected: str
) -> None:
    answer(apis, DOI, body, status)
    assert expected in refused(tree, DOI)


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again_after_the_wait_it_asks_for(tree: Path, apis: HTTPServer, status: int) -> None:
    busy = Response("", status, {"Retry-After": "1"})
    apis.expect_ordered_request("/api/query").respond_with_response(busy)
    apis.expect_ordered_request("/api/query").respond_with_data(feed())
    start = time.monotonic()
    add(tree, ARXIV)
    assert time.monotonic() - start >= 1
    assert load(tree).paper("epsilon").title == "Epsilon: Small Steps"


def test_a_silent_server_a_circle_and_a_missing_one(
    tree: Path, apis: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wait(request: Request) -> Response:
        time.sleep(1)
        return Response("")

    apis.expect_request("/api/query").respond_with_handler(wait)
    assert "does not answer in time; try again later" in refused(tree, ARXIV)
    circle = Response("", 302, {"Location": f"/works/{DOI}"})
    apis.expect_request(f"/works/{DOI}").respond_with_response(circle)
    assert "redirects in a circle; check the address of the API" in refused(tree, DOI)
    for address, expected in (("http://localhost:9/", "cannot be reached"), ("nowhere", "is no web address")):
        assert expected in refused(tree, ARXIV, "--arxiv-api", address)


def test_a_body_that_ends_too_soon(tree: Path, apis: HTTPServer) -> None:
    cut = Response(iter([feed()[:500]]), 200, {"Content-Length": "5000"})
    apis.expect_request("/api/query").respond_with_handler(lambda request: cut)
    assert "sends no answer that can be read; try again later" in refused(tree, ARXIV)


def test_an_interrupted_write_leaves_no_file(tree: Path, apis: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Path, target: Path) -> None:
        raise KeyboardInterrupt

    answer(apis, ARXIV, feed())
    monkeypatch.setattr(Path, "replace", fail)
    assert CliRunner().invoke(app, ["add", ARXIV, "--root", str(tree)]).exit_code != 0
    assert files(tree) == BEFORE


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("cs/0112017", "'cs/0112017' is an arXiv id of the old style, which records do not take; give the paper's DOI"),
        ("arXiv:hep-th/9901001v2", "'hep-th/9901001' is an arXiv id of the old style"),
        ("https://arxiv.org/abs/math.GT/0309136", "'math.GT/0309136' is an arXiv id of the old style"),
        ("10.48550/arXiv.cs/0112017", "'cs/0112017' is an arXiv id of the old style"),
        ("23.1", "'23.1' is no arXiv id and no DOI; write 2210.09461, 10.1234/abc, or the address of one"),
        ("https://example.org/2301.01230", "is no arXiv id and no DOI"),
        ("A title\nof two lines", "'A title of two lines' is no arXiv id and no DOI"),
        ("", "is no arXiv id and no DOI"),
    ],
)
def test_what_is_no_reference_is_refused(tree: Path, apis: HTTPServer, reference: str, expected: str) -> None:
    assert expected in refused(tree, reference)
    assert apis.log == []


def test_unknown_terms_are_refused_before_anybody_is_asked(tree: Path, apis: HTTPServer) -> None:
    line = refused(tree, ARXIV, "--category", "token-prunning")
    assert line.startswith("there is no category 'token-prunning' (did you mean 'token-pruning'?); choose from ")
    assert apis.log == []


def test_a_fault_is_one_line_and_exit_code_1(tree: Path, apis: HTTPServer) -> None:
    answer(apis, DOI, "Resource not found.", 404)
    program = [sys.executable, "-c", "from prunarium.cli import main; main()", "add", DOI, "--root", str(tree)]
    done = subprocess.run(program, capture_output=True, text=True, check=False, env=dict(os.environ))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error: Crossref knows no DOI 10.5555/zeta.1; correct it, "
        "or run 'prunarium new paper --title ...' where another agency gave it\n"
    )
