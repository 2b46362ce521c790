"""The points of a picture as plain rows, for Vega-Lite and for people who draw their own."""

import csv
import io
from collections.abc import Iterable
from typing import Any

from prunarium.bench.pictures.trade_off import MACS, Against, TradeOff
from prunarium.catalog.exporting.csv_table import cell

Row = dict[str, Any]


def rows(trade_off: TradeOff, against: Against) -> list[Row]:
    """One row for each score that has a place: quality and its ends are shares, budget too."""
    made = []
    for curve in trade_off.curves:
        for point in curve.points:
            if against.value(point) is None:
                continue
            low, high = point.quality_interval
            row: Row = {
                "method": curve.method,
                "curve": curve.label,
                "setting": point.score.setting,
                "seed": point.score.seed,
                "budget": point.budget,
                "quality": point.quality,
                "quality_low": round(low, 6),
                "quality_high": round(high, 6),
                "macs": point.score.cost.macs,
            }
            across = against.interval(point)
            if across:
                row |= {
                    "batch_size": against.batch_size,
                    "speed_ratio": against.value(point),
                    "speed_ratio_low": across[0],
                    "speed_ratio_high": across[1],
                }
            made.append(row)
    return made


def as_csv(trade_off: TradeOff) -> str:
    """Every row against MACs, and then at every batch size."""
    made = [row for against in [MACS, *map(Against, trade_off.batch_sizes)] for row in rows(trade_off, against)]
    return _csv(made)


def _csv(made: Iterable[Row]) -> str:
    """One column for every key there is."""
    made = list(made)
    stream = io.StringIO()
    table = csv.DictWriter(stream, list(dict.fromkeys(name for row in made for name in row)), lineterminator="\n")
    table.writeheader()
    table.writerows({name: cell(value) for name, value in row.items()} for row in made)
    return stream.getvalue()
