"""``prunarium add``: a new record of what arXiv or Crossref says."""

from typing import Annotated

import typer

from prunarium import paths
from prunarium.cli.app import CURATE, app
from prunarium.cli.curate import Root
from prunarium.cli.drafts import Categories, DryRun, Force, Kind, Modalities, Training, finish
from prunarium.cli.options import Json


@app.command(rich_help_panel=CURATE)
def add(
    reference: Annotated[
        str, typer.Argument(metavar="ARXIV_ID|DOI", help="2210.09461, 10.1234/abc, or the address of one.")
    ],
    kind: Kind = None,
    modality: Modalities = None,
    category: Categories = None,
    training: Training = None,
    force: Force = False,
    dry_run: DryRun = False,
    arxiv_api: Annotated[
        str, typer.Option(envvar="PRUNARIUM_ARXIV_API", help="Address of arXiv's API, for mirrors.")
    ] = "https://export.arxiv.org/api/query",
    crossref_api: Annotated[
        str, typer.Option(envvar="PRUNARIUM_CROSSREF_API", help="Address of Crossref's API, for mirrors.")
    ] = "https://api.crossref.org/works",
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Add a paper by its arXiv id or DOI: ask arXiv or Crossref, show the draft, and write catalog/papers/<id>.yaml.

    A paper that the catalogue has is refused; one that it may have is refused unless --force is given.
    """
    from prunarium.catalog import load, web
    from prunarium.catalog.adding import arxiv, crossref
    from prunarium.catalog.adding.drafting import Classification, draft, refuse_known
    from prunarium.catalog.adding.reference import read_reference
    from prunarium.records import Identifiers

    root = root or paths.root()
    address = read_reference(reference)
    catalogue = load(root)
    classes = Classification.chosen(catalogue, kind, modality, category, training)
    refuse_known(catalogue, root, Identifiers.model_validate({address.role: address.value}))
    with web.session() as session:
        if address.role == "arxiv":
            found = arxiv.find(session, address.value, arxiv_api)
        else:
            found = crossref.find(session, address.value, crossref_api)
    paper = draft(found, catalogue, classes)
    finish(paper, catalogue, root, force=force, dry_run=dry_run, as_json=as_json)
