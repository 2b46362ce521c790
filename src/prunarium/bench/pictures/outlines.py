"""The outline around points that belong together."""

from collections.abc import Iterable

_CORNERS = 12


def outline(points: Iterable[tuple[float, float]], width: float, height: float) -> list[tuple[float, float]]:
    """The convex polygon around points, half ``width`` and half ``height`` away from them, without a gap at its end."""
    import numpy as np
    from scipy.spatial import ConvexHull

    turn = np.linspace(0, 2 * np.pi, _CORNERS, endpoint=False)
    around = np.column_stack([np.cos(turn), np.sin(turn)]) / 2
    at = np.array(list(points), dtype=float) / (width, height)
    spots = (at[:, None] + around[None]).reshape(-1, 2)
    corners = spots[ConvexHull(spots).vertices] * (width, height)
    return [(float(x), float(y)) for x, y in [*corners, corners[0]]]
