"""Burn-ups as SVG: where a key result stood, what the plan asked for, and the time that is left.

Belongs here: geometry and markup of charts. Does not: page layout, colours (CSS classes name them) or rounding.

x is time over the key result's whole span, so that the empty right part is the time left; y is progress, 0 at the
baseline and 1 at the target. What lies outside -0.5..1.5 is drawn at that edge with an arrowhead: never hidden, and
never allowed to flatten the rest.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from itertools import accumulate, groupby, pairwise
from typing import Final, TypeAlias

from markupsafe import Markup, escape

from okr_pipeline.model.snapshot import KeyResultRow, TrackPoint
from okr_pipeline.rendering.numbers import percent

Point: TypeAlias = tuple[int, int]

LOWEST: Final = -0.5
HIGHEST: Final = 1.5


@dataclass(frozen=True, slots=True)
class Canvas:
    """A view box in tenths of a pixel, and the room left free at its edges so that dots and strokes stay inside."""

    width: int
    height: int
    margin: int
    dot: int


SPARKLINE: Final = Canvas(width=1200, height=320, margin=50, dot=30)
BURN_UP: Final = Canvas(width=4200, height=1120, margin=80, dot=45)


@dataclass(frozen=True, slots=True)
class Plot:
    """A burn-up in the units of its canvas.

    `runs` are the known stretches of the past, without what was unknown between them. `dot` is the last known point,
    `beyond` says whether it lies "above" or "below" what is drawn, `known_now` whether it is today's. `edges` are the
    other places where the past leaves the drawing. `planned` is the plan at the dot.
    """

    runs: tuple[tuple[Point, ...], ...]
    plan: tuple[Point, ...]
    dot: Point | None
    planned: Point | None
    beyond: str | None
    known_now: bool
    edges: tuple[tuple[Point, str], ...]
    target_y: int
    baseline_y: int
    now_x: int
    cone: tuple[Point, ...]
    """From the last known point to what the forecast says of the end, low and high; empty where there is none."""


def plot(row: KeyResultRow, canvas: Canvas, *, as_of: datetime, zone: tzinfo) -> Plot:
    """The geometry of a key result's burn-up."""
    track = _track(row, as_of)
    scale = _Scale.of(row, track, canvas, zone)
    last = next((point for point in reversed(track) if point.progress is not None), None)
    stretches = list(_stretches(track, canvas, scale))
    dot = None if last is None else scale.point(last.at, last.progress)
    return Plot(
        runs=tuple(tuple(scale.point(at, progress) for at, progress in stretch) for stretch in stretches),
        plan=tuple(scale.point(point.at, point.expected) for point in row.plan if point.expected is not None),
        dot=dot,
        planned=None if last is None or last.expected is None else scale.point(last.at, last.expected),
        beyond=None if last is None else _beyond(last.progress),
        known_now=row.progress is not None,
        edges=tuple(edge for edge in _edges(stretches, scale) if edge[0] != dot),
        target_y=scale.y(1.0),
        baseline_y=scale.y(0.0),
        now_x=scale.x(as_of),
        cone=_forecast(row, dot, scale),
    )


def sparkline(row: KeyResultRow, *, as_of: datetime, zone: tzinfo) -> Markup:
    """The small chart of a table row."""
    drawn = plot(row, SPARKLINE, as_of=as_of, zone=zone)
    parts = (_line("target", drawn.target_y, SPARKLINE), _path("plan", drawn.plan), *_past(row, drawn, SPARKLINE))
    return _svg("spark", SPARKLINE.width, SPARKLINE.height, spoken(row), parts)


def burn_up(row: KeyResultRow, *, as_of: datetime, zone: tzinfo) -> Markup:
    """The large chart of a key result that is behind."""
    drawn = plot(row, BURN_UP, as_of=as_of, zone=zone)
    parts = (
        _time_left(drawn, BURN_UP),
        _cone(drawn),
        _line("base", drawn.baseline_y, BURN_UP),
        _line("target", drawn.target_y, BURN_UP),
        _path("plan", drawn.plan),
        _gap(drawn),
        *_past(row, drawn, BURN_UP),
    )
    return _svg("burnup", BURN_UP.width, BURN_UP.height, spoken(row), parts)


def stacked_bar(parts: Sequence[tuple[str, int]], label: str) -> Markup:
    """Counts by status side by side on one slim bar, 1 unit wide for each, with hairlines of paper between."""
    ends = list(accumulate(number for _, number in parts))
    shown = ((name, number, end) for (name, number), end in zip(parts, ends, strict=True) if number)
    drawn = (_rect(f"f-{name}", end - number, 0, number, 1) for name, number, end in shown)
    return _svg("bar", max([1, *ends[-1:]]), 1, label, drawn, stretched=True)


def elapsed_bar(share: float, label: str) -> Markup:
    """How much of a cycle has passed."""
    passed = round(1000 * min(1.0, max(0.0, share)))
    drawn = (_rect("f-rest", 0, 0, 1000, 1), _rect("f-ink", 0, 0, passed, 1))
    return _svg("elapsed", 1000, 1, label, drawn, stretched=True)


def spoken(row: KeyResultRow) -> str:
    """What the chart shows, in words: `progress 40 % against a plan of 54 %`."""
    plan = "no plan" if row.expected_progress is None else f"a plan of {percent(row.expected_progress)}"
    if row.forecast is not None:
        ends = f"{percent(row.forecast.progress_low)} to {percent(row.forecast.progress_high)}"
        plan += f", {ends} forecast for the end"
    if row.progress is None:
        last = next((point.progress for point in reversed(row.track) if point.progress is not None), None)
        before = "" if last is None else f", last known {percent(last)}"
        return f"progress unknown{before}, against {plan}"
    beyond = _beyond(row.progress)
    outside = f", {beyond} what the chart shows" if beyond else ""
    return f"progress {percent(row.progress)} against {plan}{outside}"


@dataclass(frozen=True, slots=True)
class _Scale:
    """Instants and progress to the units of a canvas, whole ones."""

    canvas: Canvas
    starts: float
    seconds: float
    low: float
    high: float

    @classmethod
    def of(cls, row: KeyResultRow, track: Iterable[TrackPoint], canvas: Canvas, zone: tzinfo) -> "_Scale":
        starts = datetime.combine(row.starts, time(), zone).timestamp()
        ends = datetime.combine(row.ends + timedelta(days=1), time(), zone).timestamp()
        shown = [point.progress for point in track if point.progress is not None]
        shown += [point.expected for point in row.plan if point.expected is not None]
        shown += [row.forecast.progress_low, row.forecast.progress_high] if row.forecast else []
        low, high = min(shown, default=0.0), max(shown, default=1.0)
        return cls(canvas, starts, max(1.0, ends - starts), max(LOWEST, min(0, low)), min(HIGHEST, max(1, high)))

    def x(self, at: datetime) -> int:
        share = (at.timestamp() - self.starts) / self.seconds
        inside = 0.0 if share < 0 else 1.0 if share > 1 else share
        return round(self.canvas.margin + inside * (self.canvas.width - 2 * self.canvas.margin))

    def y(self, progress: float) -> int:
        inside = self.low if progress < self.low else min(progress, self.high)
        share = (self.high - inside) / (self.high - self.low)
        return round(self.canvas.margin + share * (self.canvas.height - 2 * self.canvas.margin))

    def point(self, at: datetime, progress: float | None) -> Point:
        return (self.x(at), self.y(progress or 0.0))


_Stretch: TypeAlias = list[tuple[datetime, float]]


def _track(row: KeyResultRow, as_of: datetime) -> tuple[TrackPoint, ...]:
    """The past, ending in what the table says of today: a picture must not contradict the figure beside it."""
    past = tuple(point for point in row.track if point.at <= as_of)
    if row.progress is None or (past and past[-1].progress == row.progress):
        return past
    return (*(point for point in past if point.at < as_of), TrackPoint(as_of, row.progress, row.expected_progress))


def _stretches(track: Iterable[TrackPoint], canvas: Canvas, scale: _Scale) -> Iterator[_Stretch]:
    for known, points in groupby(track, key=lambda point: point.progress is not None):
        if known:
            yield _thinned([(point.at, point.progress or 0.0) for point in points], canvas, scale)


def _thinned(stretch: _Stretch, canvas: Canvas, scale: _Scale) -> _Stretch:
    """At most one point for each pixel of width, the last one always: more cannot be seen."""
    if len(stretch) <= canvas.width / 10:
        return stretch
    kept = [point for point, after in pairwise(stretch) if scale.x(point[0]) // 10 != scale.x(after[0]) // 10]
    return [*kept, stretch[-1]]


def _edges(stretches: Iterable[_Stretch], scale: _Scale) -> Iterator[tuple[Point, str]]:
    """The farthest point of each stretch of the past that is outside the drawing."""
    for stretch in stretches:
        for side, outside in groupby(stretch, key=lambda point: _beyond(point[1])):
            if side is not None:
                at, progress = max(outside, key=lambda point: abs(point[1]))
                yield scale.point(at, progress), side


def _beyond(progress: float | None) -> str | None:
    if progress is None or LOWEST <= progress <= HIGHEST:
        return None
    return "above" if progress > HIGHEST else "below"


def _past(row: KeyResultRow, drawn: Plot, canvas: Canvas) -> Iterator[str]:
    yield from (_path("track", run) for run in drawn.runs)
    yield from (_arrowhead("edge", point, side, canvas.dot) for point, side in drawn.edges)
    if drawn.dot is None:
        return
    style = f"f-{row.status}" if drawn.known_now else "hollow"
    if drawn.beyond:
        yield _arrowhead(style, drawn.dot, drawn.beyond, canvas.dot)
    else:
        x, y = drawn.dot
        yield f'<circle class="{escape(style)}" cx="{x}" cy="{y}" r="{canvas.dot}"/>'


def _forecast(row: KeyResultRow, dot: Point | None, scale: _Scale) -> tuple[Point, ...]:
    if row.forecast is None or dot is None:
        return ()
    right = scale.canvas.width - scale.canvas.margin
    return (dot, (right, scale.y(row.forecast.progress_high)), (right, scale.y(row.forecast.progress_low)))


def _cone(drawn: Plot) -> str:
    if not drawn.cone:
        return ""
    return f'<path class="cone" d="M{" ".join(f"{x} {y}" for x, y in drawn.cone)}z"/>'


def _time_left(drawn: Plot, canvas: Canvas) -> str:
    width = canvas.width - canvas.margin - drawn.now_x
    height = canvas.height - 2 * canvas.margin
    return _rect("left", drawn.now_x, canvas.margin, width, height)


def _gap(drawn: Plot) -> str:
    """The line from where it stands to where the plan is."""
    if drawn.dot is None or drawn.planned is None:
        return ""
    return _path("gap", (drawn.planned, drawn.dot))


def _line(name: str, y: int, canvas: Canvas) -> str:
    return _path(name, ((canvas.margin, y), (canvas.width - canvas.margin, y)))


def _path(name: str, points: Sequence[Point]) -> str:
    """A line through points; a single one is a line of no length, which a round cap makes a dot."""
    if not points:
        return ""
    drawn = [f"{x} {y}" for x, y in points]
    if len(drawn) == 1:
        drawn *= 2
    return f'<path class="{name}" d="M{" ".join(drawn)}"/>'


def _arrowhead(name: str, tip: Point, side: str, size: int) -> str:
    x, y = tip
    foot = y + (2 * size if side == "above" else -2 * size)
    corners = ((x, y), (x - size, foot), (x + size, foot))
    return f'<path class="{escape(name)}" d="M{" ".join(f"{a} {b}" for a, b in corners)}z"/>'


def _rect(name: str, x: int, y: int, width: int, height: int) -> str:
    place = f'x="{x}" y="{y}" width="{width}" height="{height}"'
    return f'<rect class="{escape(name)}" {place}/>'


def _svg(name: str, width: int, height: int, label: str, parts: Iterable[str], *, stretched: bool = False) -> Markup:
    """A picture with its words. Its parts are made above of numbers and escaped names only."""
    shape = ' preserveAspectRatio="none"' if stretched else ""
    opened = f'<svg class="{name}" viewBox="0 0 {width} {height}"{shape}'
    return Markup(f'{opened} role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>')  # noqa: S704
