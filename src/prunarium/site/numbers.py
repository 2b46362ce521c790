"""Numbers as readers of the site see them, beside those of ``bench.wording``, which are the terminal's too."""

from prunarium.records import Interval, ReportedScore


def points(difference: float) -> str:
    """``−0.4``: percentage points, with their sign."""
    return f"{100 * difference:+.1f}".replace("-", "−")


def milliseconds(times: Interval) -> str:
    """``3.21 ms``, ``1,330 ms``"""
    return f"{times.median:,.0f} ms" if times.median >= 100 else f"{times.median:.3g} ms"


def ratio(value: Interval) -> str:
    """``1.24×``"""
    return f"{value.median:.2f}×"


def plain(value: float) -> str:
    """``84.5``, and ``12`` for ``12.0``."""
    return f"{value:.6g}"


def kilobytes(size: int) -> str:
    """``596 kB``; of 1,000 bytes each."""
    return f"{max(1, round(size / 1000)):,} kB" if size else "empty"


def setting(score: ReportedScore) -> str:
    """``r=13, layers=12``"""
    return ", ".join(f"{name}={value}" for name, value in score.setting.items())


def results(score: ReportedScore) -> list[tuple[str, str, str]]:
    """Metric, value of the untouched model, value with the method, in the source's own terms."""
    metrics = dict.fromkeys([*score.baseline, *score.result])
    return [(metric, _maybe(score.baseline.get(metric)), _maybe(score.result.get(metric))) for metric in metrics]


def _maybe(value: float | None) -> str:
    return "" if value is None else plain(value)
