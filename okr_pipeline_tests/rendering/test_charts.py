import dataclasses
import math
import re
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okr_pipeline.model.snapshot import KeyResultRow, TrackPoint
from okr_pipeline.rendering.charts import (
    BURN_UP,
    HIGHEST,
    LOWEST,
    SPARKLINE,
    Plot,
    burn_up,
    elapsed_bar,
    plot,
    sparkline,
    spoken,
    stacked_bar,
)
from okr_pipeline_tests.rendering import factory
from okr_pipeline_tests.rendering.reading import Element, read

CANVASES = [SPARKLINE, BURN_UP]
TRACKS = st.lists(st.none() | st.floats(-5, 5, allow_nan=False), max_size=49)


def row_with(values: list[float | None], **changes: object) -> KeyResultRow:
    """A key result whose days had these progresses, the last one its own today."""
    track = tuple(
        TrackPoint(factory.AS_OF - timedelta(days=len(values) - 1 - index), value, 0.5)
        for index, value in enumerate(values)
    )
    return factory.key_result(progress=values[-1] if values else None, track=track, **changes)


def plotted(row: KeyResultRow, canvas=BURN_UP) -> Plot:
    return plot(row, canvas, as_of=factory.AS_OF, zone=factory.ZONE)


def svg_of(row: KeyResultRow, draw=sparkline) -> Element:
    return read(str(draw(row, as_of=factory.AS_OF, zone=factory.ZONE))).one("svg")


def progress_at(y: float, drawn: Plot) -> float:
    """What a height says, read off the two lines that have a meaning: the baseline is 0, the target 1."""
    return (drawn.baseline_y - y) / (drawn.baseline_y - drawn.target_y)


def numbers_in(path: str) -> list[float]:
    return [float(text) for text in re.findall(r"-?\d+(?:\.\d+)?", path)]


@pytest.mark.parametrize("canvas", CANVASES)
@settings(deadline=None)
@given(values=TRACKS.filter(bool))
def test_the_last_point_is_the_dot_is_the_value(values, canvas):
    drawn = plotted(row_with(values), canvas)
    known = [value for value in values if value is not None]
    if not known:
        assert drawn.dot is None
        return
    assert drawn.dot == drawn.runs[-1][-1]
    shown = progress_at(drawn.dot[1], drawn)
    rounding = 1.5 / (drawn.baseline_y - drawn.target_y)
    assert shown == pytest.approx(min(HIGHEST, max(LOWEST, known[-1])), abs=rounding)
    assert drawn.beyond == ("above" if known[-1] > HIGHEST else "below" if known[-1] < LOWEST else None)


@pytest.mark.parametrize("canvas", CANVASES)
@settings(deadline=None)
@given(values=TRACKS)
def test_everything_is_inside_the_view_box(values, canvas):
    drawn = plotted(row_with(values), canvas)
    points = [*(point for run in drawn.runs for point in run), *drawn.plan, *(point for point, _ in drawn.edges)]
    points += [point for point in (drawn.dot, drawn.planned) if point]
    assert all(canvas.dot <= x <= canvas.width - canvas.dot for x, _ in points)
    assert all(canvas.dot <= y <= canvas.height - canvas.dot for _, y in points)


@pytest.mark.parametrize("draw", [sparkline, burn_up])
@settings(deadline=None)
@given(values=TRACKS)
def test_every_coordinate_of_the_markup_is_inside_the_view_box(values, draw):
    svg = svg_of(row_with(values), draw)
    _, _, width, height = numbers_in(svg.attributes["viewbox"])
    for path in svg.all("path"):
        points = numbers_in(path.attributes["d"])
        assert all(0 <= x <= width for x in points[::2])
        assert all(0 <= y <= height for y in points[1::2])


def test_the_markup_ends_where_the_dot_is():
    for draw in (sparkline, burn_up):
        svg = svg_of(factory.key_result(progress=0.41), draw)
        circle = svg.one("circle")
        last = numbers_in(svg.one("path", cls="track").attributes["d"])[-2:]
        assert last == [float(circle.attributes["cx"]), float(circle.attributes["cy"])]


def test_the_dot_is_at_now_and_the_rest_is_the_time_left():
    drawn = plotted(factory.key_result())
    left = (BURN_UP.width - BURN_UP.margin - drawn.dot[0]) / (BURN_UP.width - 2 * BURN_UP.margin)
    assert left == pytest.approx(1 - factory.elapsed(factory.QUARTER), abs=0.001)
    assert drawn.dot[0] == drawn.now_x


def test_the_plan_runs_from_corner_to_corner():
    drawn = plotted(factory.key_result(progress=0.5))
    assert drawn.plan == (
        (BURN_UP.margin, drawn.baseline_y),
        (BURN_UP.width - BURN_UP.margin, drawn.target_y),
    )


def test_what_was_unknown_is_a_gap_and_not_a_line():
    drawn = plotted(row_with([0.1, 0.2, None, None, 0.3, None, 0.4]))
    assert [len(run) for run in drawn.runs] == [2, 1, 1]


def test_a_figure_of_today_wins_over_an_older_track():
    row = factory.key_result(progress=0.7, track=factory.track_to(0.5)[:-3])
    assert progress_at(plotted(row).dot[1], plotted(row)) == pytest.approx(0.7, abs=0.005)


def test_unknown_today_leaves_a_hollow_dot_where_it_was_last_known():
    row = row_with([0.2, 0.3, None])
    assert not plotted(row).known_now
    assert svg_of(row).one("circle").has(cls="hollow")
    assert plotted(row).dot[0] < plotted(row).now_x


@pytest.mark.parametrize(("progress", "side"), [(2.5, "above"), (-2.5, "below")])
def test_out_of_range_is_an_arrowhead_at_the_edge_and_said(progress, side):
    row = row_with([0.1, 0.2, progress])
    svg = svg_of(row)
    assert not list(svg.all("circle"))
    assert svg.one("path", cls="f-on_track").attributes["d"].endswith("z")
    assert f"{side} what the chart shows" in svg.attributes["aria-label"]


def test_a_spike_of_the_past_is_marked_once():
    assert len(plotted(row_with([0.1, 9.0, 7.0, 0.2, 0.3])).edges) == 1


def test_ordinary_progress_uses_the_whole_height():
    drawn = plotted(factory.key_result(progress=0.5, track=()), SPARKLINE)
    assert (drawn.target_y, drawn.baseline_y) == (SPARKLINE.margin, SPARKLINE.height - SPARKLINE.margin)


def test_a_long_track_is_thinned_to_what_can_be_seen():
    values = [0.5 + 0.4 * math.sin(index / 7) for index in range(5000)]
    track = tuple(TrackPoint(factory.AS_OF - timedelta(minutes=10 * (4999 - i)), v, 0.5) for i, v in enumerate(values))
    drawn = plotted(factory.key_result(progress=values[-1], track=track), SPARKLINE)
    assert len(drawn.runs[0]) <= SPARKLINE.width / 10
    assert progress_at(drawn.dot[1], drawn) == pytest.approx(values[-1], abs=0.005)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"progress": 0.4, "expected_progress": 0.54}, "progress 40 % against a plan of 54 %"),
        ({"progress": None, "track": ()}, "progress unknown, against a plan of 54 %"),
        ({"progress": 0.4, "expected_progress": None}, "progress 40 % against no plan"),
    ],
)
def test_the_chart_says_in_words_what_it_shows(changes, said):
    row = factory.key_result(**changes)
    label = svg_of(row).attributes["aria-label"].replace("\u202f", " ")
    assert label == said == spoken(row).replace("\u202f", " ")
    assert svg_of(row).attributes["role"] == "img"


def test_the_unknown_chart_says_what_was_last_known():
    assert "last known 30" in spoken(row_with([0.2, 0.3, None]))


def test_the_bar_is_as_long_as_its_counts():
    bar = read(str(stacked_bar([("behind", 2), ("unknown", 0), ("on_track", 5)], "x"))).one("svg")
    assert [(one.attributes["class"], one.attributes["x"], one.attributes["width"]) for one in bar.all("rect")] == [
        ("f-behind", "0", "2"),
        ("f-on_track", "2", "5"),
    ]
    assert bar.attributes["viewbox"] == "0 0 7 1"


def test_a_bar_of_nothing_is_still_a_picture():
    assert read(str(stacked_bar([], "none"))).one("svg").attributes["viewbox"] == "0 0 1 1"


@pytest.mark.parametrize(("share", "width"), [(0.0, "0"), (0.538, "538"), (1.0, "1000"), (1.7, "1000"), (-0.2, "0")])
def test_the_elapsed_bar_is_the_share(share, width):
    assert [*read(str(elapsed_bar(share, "x"))).all("rect")][1].attributes["width"] == width


def test_labels_are_escaped():
    assert "<script" not in str(stacked_bar([("behind", 1)], '"><script>'))


def test_a_key_result_of_one_day_has_a_width():
    row = dataclasses.replace(factory.key_result(), starts=factory.AS_OF.date(), ends=factory.AS_OF.date(), track=())
    assert plotted(row).dot is not None


def test_the_cone_opens_from_the_dot_to_the_end():
    row = factory.key_result(forecast=factory.forecast())
    drawn = plot(row, BURN_UP, as_of=factory.AS_OF, zone=factory.ZONE)
    tip, high, low = drawn.cone
    assert tip == drawn.dot
    assert high[0] == low[0] == BURN_UP.width - BURN_UP.margin
    assert drawn.target_y < high[1] < low[1] < drawn.baseline_y
    assert 'class="cone"' in burn_up(row, as_of=factory.AS_OF, zone=factory.ZONE)
    assert "30\u202f% to 70\u202f% forecast for the end" in spoken(row)


def test_without_a_forecast_there_is_no_cone():
    assert "cone" not in burn_up(factory.key_result(), as_of=factory.AS_OF, zone=factory.ZONE)
