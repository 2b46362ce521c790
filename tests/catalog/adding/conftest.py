"""Servers in place of arXiv's and Crossref's APIs, what they answer, and the command that asks them."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from pytest_httpserver import HTTPServer
from typer.testing import CliRunner

from prunarium.catalog import web
from prunarium.cli import app
from prunarium.errors import PrunariumError

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
ARXIV, DOI = "2402.02400", "10.5555/zeta.1"
BEFORE = {"alpha.yaml", "beta.yaml"}


def feed(title: str = "Epsilon: Small Steps", more: str = "", arxiv_id: str = ARXIV) -> str:
    return FEED.format(entries=ENTRY.format(title=escape(title), more=more, arxiv_id=arxiv_id))


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
