"""What papers claim stands on a method's page beside what was measured here, with its status and the reason."""

from dataclasses import replace

import pytest

from prunarium.site import pages
from prunarium.site.api import documents
from tests.site.conftest import measured_score, reported_score


@pytest.fixture
def page(odd):
    """The page and the API of a method with one claim, which a count on shapes reproduces."""
    run = measured_score()
    counted = run.model_copy(
        update={
            "model": "vit_b",
            "setting": "Counted()",
            "benchmark": None,
            "quality": None,
            "speed": [],
            "cost": run.cost.model_copy(update={"macs_baseline": 17_500_000_000, "macs": 8_750_000_000}),
            "environment": run.environment.model_copy(update={"device_kind": "meta"}),
        }
    )
    row = reported_score().model_dump() | {"no_counterpart": None}
    row |= {"counterpart": {"model": "vit_b", "parameters": run.parameters}}
    claimed = type(reported_score()).model_validate(row)
    content = replace(odd, methods=(replace(odd.methods[0], reported=(claimed,), measured=(run, counted)),))
    place = f"methods/{content.methods[0].id}/index.md"
    return pages.pages(content)[place].decode(), documents(content)["api/methods.json"].decode()


def test_a_claim_has_its_status_and_its_reason(page):
    html, api = page
    assert "reproduced</span> compute: 8.75 GFLOPs here, -0.3 %" in html
    assert "not comparable</span> speed-up<small>claimed on V100; not timed here" in html
    assert '"what":"compute","unit":"GFLOPs","claimed":8.78,"measured":8.75,"status":"reproduced"' in api


def test_a_count_on_shapes_is_no_row_among_the_runs(page):
    html, api = page
    assert "ToMe(r=8, proportional_attention=True)" in html
    assert "Counted()" not in html
    assert "Counted()" in api
