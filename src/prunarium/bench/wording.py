"""Measured numbers as people read them, in the terminal, in tables of Markdown and on the site."""

from prunarium.records import Environment, Interval, Quality


def macs(count: float) -> str:
    """``4.6 G``"""
    for size, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M")):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count:,.0f}"


def megabytes(count: int) -> str:
    """``12.3 MB``"""
    return f"{count / 1e6:.3g} MB"


def percent(share: float, digits: int = 1) -> str:
    """``93.1 %``"""
    return f"{100 * share:.{digits}f} %"


def times(ratio: float) -> str:
    """``1.24x``"""
    return f"{ratio:.2f}x"


def ratio(value: Interval) -> str:
    """``1.24x (1.20, 1.28)``: a median with its 95 % interval."""
    return times_between(value.median, value.ci_low, value.ci_high)


def times_between(middle: float, low: float, high: float) -> str:
    """``1.24x (1.20, 1.28)``"""
    return f"{times(middle)} ({low:.2f}, {high:.2f})"


def difference(quality: Quality) -> str:
    """``-0.4 (-1.1, +0.2)``: percentage points to the untouched model, with their paired 95 % interval."""
    return points_between(quality.method - quality.baseline, quality.difference_low, quality.difference_high)


def points_between(middle: float, low: float, high: float) -> str:
    """``-0.4 (-1.1, +0.2)``, in percentage points."""
    return f"{100 * middle:+.1f} ({100 * low:+.1f}, {100 * high:+.1f})"


def place(where: Environment) -> str:
    """``Xeon, 2 threads, float32``: what a time belongs to."""
    return f"{where.device}, {where.threads} threads, {where.precision}"
