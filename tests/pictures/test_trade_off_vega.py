"""The Vega-Lite specification and the CSV hold the points of the records."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

from prunarium.bench.pictures.trade_off import MACS, Against, TradeOff, trade_offs
from prunarium.bench.pictures.trade_off_rows import as_csv, rows
from prunarium.bench.pictures.trade_off_vega import SCHEMA, specification, text

from .conftest import HOSTILE, card, many, score

MARKS = {"line", "rule", "point", "text"}
CHANNELS = {
    "x",
    "y",
    "x2",
    "y2",
    "color",
    "stroke",
    "strokeDash",
    "fillOpacity",
    "shape",
    "detail",
    "order",
    "text",
    "tooltip",
}


def layers(made: TradeOff, axis: Any) -> Iterator[dict[str, Any]]:
    for panel in specification(made, axis)["hconcat"]:
        for layer in panel["layer"]:
            yield layer | {"values": layer.get("data", panel["data"])["values"]}


@pytest.mark.parametrize("count", [1, 12])
def test_the_data_are_the_records(count: int) -> None:
    made = many(count)
    (panel,) = specification(made, "macs")["hconcat"]
    found = {(row["method"], row["setting"], row["seed"]): row for row in panel["data"]["values"]}
    assert len(found) == len(made.points)
    for point in made.points:
        row = found[point.score.method, point.score.setting, point.score.seed]
        assert (row["macs"], row["quality"], row["budget"]) == (point.score.cost.macs, point.quality, point.budget)
        assert (row["quality_low"], row["quality_high"]) == pytest.approx(point.quality_interval)


def test_one_panel_for_each_batch_size() -> None:
    made = many(2)
    panels = specification(made, "speed")["hconcat"]
    for size, panel in zip(made.batch_sizes, panels, strict=True):
        assert {row["batch_size"] for row in panel["data"]["values"]} == {size}
        ratios = sorted(row["speed_ratio"] for row in panel["data"]["values"])
        assert ratios == sorted(ratio.median for point in made.points if (ratio := point.ratio(size)))


@pytest.mark.parametrize("axis", ["macs", "speed"])
def test_it_keeps_to_the_schema(axis: Any) -> None:
    made = many(12)
    whole = json.loads(text(made, axis))
    assert whole["$schema"] == SCHEMA == "https://vega.github.io/schema/vega-lite/v5.json"
    assert whole["background"] == "transparent"
    for layer in layers(made, axis):
        assert layer["mark"]["type"] in MARKS
        assert set(layer["encoding"]) <= CHANNELS
        for channel in layer["encoding"].values():
            for one in channel if isinstance(channel, list) else [channel]:
                field = one.get("field") or one["condition"]["test"]["field"]
                assert all(field in row for row in layer["values"]), field
                assert one.get("type", "nominal") in ("quantitative", "nominal")


def test_every_method_has_its_own_shape() -> None:
    point = next(layer for layer in layers(many(11), "macs") if layer["mark"]["type"] == "point")
    scale = point["encoding"]["shape"]["scale"]
    assert len(scale["domain"]) == len(scale["range"]) == len(set(scale["range"])) == 12


def test_beyond_the_colours_the_lines_differ_and_beyond_the_outlines_the_filling() -> None:
    by_mark = {
        layer["mark"]["type"]: layer["encoding"] for layer in layers(many(22), "macs") if "color" in layer["encoding"]
    }
    looks = [by_mark["line"]["color"], by_mark["line"]["strokeDash"], by_mark["point"]["shape"]]
    hollow = set(by_mark["point"]["fillOpacity"]["condition"]["test"]["oneOf"])
    domain = looks[0]["scale"]["domain"]
    shown = list(
        zip(*(map(str, one["scale"]["range"]) for one in looks), (name in hollow for name in domain), strict=True)
    )
    assert len(set(shown)) == len(shown) == 23
    assert 0 < len(hollow) < len(domain)


def test_a_hostile_name_is_a_value() -> None:
    (made,) = trade_offs([score("a")], {"a": card("a").model_copy(update={"name": HOSTILE})})
    (row,) = json.loads(text(made, "macs"))["hconcat"][0]["data"]["values"]
    assert row["curve"] == HOSTILE


def test_csv_has_a_row_for_each_point_and_panel() -> None:
    made = many(2)
    table = list(csv.DictReader(io.StringIO(as_csv(made))))
    assert len(table) == sum(len(rows(made, against)) for against in (MACS, Against(1), Against(8)))
    assert {row["batch_size"] for row in table} == {"", "1", "8"}
    assert all(float(row["macs"]) in {point.score.cost.macs for point in made.points} for row in table)


def test_a_csv_cell_is_never_a_formula() -> None:
    (made,) = trade_offs([score("a")], {"a": card("a").model_copy(update={"name": "=1+1"})})
    assert "'=1+1" in as_csv(made)
