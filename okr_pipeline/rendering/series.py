"""A plain line of values as SVG, for places that show one series on its own.

Belongs here: the line. Does not: plans and targets (charts).
"""

from collections.abc import Sequence
from html import escape

_WIDTH, _HEIGHT, _MARGIN = 360.0, 80.0, 6.0


def series_svg(values: Sequence[float], *, label: str) -> str:
    """An SVG document of a series, oldest first, with a dot at the newest value; `label` is its accessible name.

    >>> '<circle cx="354.0" cy="6.0"' in series_svg([1.0, 2.0], label="Flights")
    True
    """
    points = _points(values)
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    x, y = points[-1] if points else (0.0, 0.0)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH:.0f}" height="{_HEIGHT:.0f}" '
        f'viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" role="img" aria-label="{escape(label, quote=True)}">'
        f'<polyline points="{path}" fill="none" stroke="#4f6d8f" stroke-width="1.5"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="#4f6d8f"/></svg>'
    )


def _points(values: Sequence[float]) -> list[tuple[float, float]]:
    if not values:
        return []
    low, high = min(values), max(values)
    spread = (high - low) or 1.0
    step = (_WIDTH - 2 * _MARGIN) / max(1, len(values) - 1)
    tall = _HEIGHT - 2 * _MARGIN
    start = _MARGIN if len(values) > 1 else _WIDTH - _MARGIN
    return [(start + index * step, _MARGIN + tall * (high - value) / spread) for index, value in enumerate(values)]
