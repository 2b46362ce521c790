"""The home page: what there is, what the records say on the usual complaints, what came last."""

from prunarium.site import evidence
from prunarium.site.content import Content
from prunarium.site.facets import facets
from prunarium.site.feeds import additions
from prunarium.site.pages import claims, disagreements
from prunarium.site.speed_picture import speed_picture
from prunarium.site.templates import document

NEWEST = 6
"""How many of the papers that were added last are named."""

PYTHON = """\
import prunarium
import timm
import torch

model = timm.create_model("deit_small_patch16_224").eval()
with prunarium.load("tome", r=13).apply(model) as handle:
    model(torch.randn(2, 3, 224, 224))
    print(handle.report())"""
"""What the page shows of the library; a test runs it."""


def pages(content: Content) -> dict[str, bytes]:
    """The start of the site."""
    all_facets = {facet.id: facet for facet in facets(content)}
    small, real_size = evidence.small(content), evidence.of_real_size(content)
    page = document(
        "home.html",
        "",
        "The catalogue of papers on cheaper transformers, and the registry of their methods, ready to run.",
        "",
        content=content,
        facets=all_facets,
        measured=sum(len(method.runs) for method in content.methods),
        categories=sorted(all_facets["category"].values, key=lambda value: -value.count),
        newest=additions(content)[:NEWEST],
        python=PYTHON,
        official=sum(method.card.parity == "official" for method in content.methods),
        faithful=sum(not method.card.baseline for method in content.methods),
        small=small,
        real_size=real_size,
        picture=speed_picture([*small, *real_size]),
        statuses=claims.counts(claims.held(content)),
        disagreements=len(disagreements.found(content)),
        comparability=evidence.comparability(content),
        same_rate=evidence.same_rate(content),
    )
    return {"index.md": page}
