"""The cells that have to be counted for the claims on a method."""

from prunarium.bench.cells import Cell
from prunarium.bench.shapes import DEVICE
from prunarium.registry import reported_scores


def cells_of_claims(method: str) -> list[Cell]:
    """One cell for every counterpart that a row of the method names, each once, counted on shapes.

    Raises:
        PrunariumError: no such method, or its ``reported.yaml`` is no valid record.
    """
    cells: list[Cell] = []
    for row in reported_scores(method):
        if row.counterpart is not None:
            cell = Cell(
                method=method, model=row.counterpart.model, parameters=row.counterpart.parameters, device=DEVICE
            )
            if cell not in cells:
                cells.append(cell)
    return cells
