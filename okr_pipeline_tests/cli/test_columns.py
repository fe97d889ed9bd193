"""What a narrow terminal shows: fewer columns, and never a part of a figure."""

from itertools import pairwise

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from okr_pipeline.cli.columns import Lines, fitted, left_out

HEADINGS = ("Status", "Name", "", "Now", "Gap", "Chance")
ELASTIC = {"Name": (6, 20), "": (8, 30)}
DISPENSABLE = ("", "Chance", "Gap", "Now")
ROWS = [
    ["on track", "a name that is longer than any column", "A title 商店 of some length", "$14,000", "−16 pts", "26 %"],
    ["behind", "short", "", "9,255 seats", "+2 pts", "<1 %"],
]


def shown(room):
    widths = fitted(HEADINGS, ROWS, room, elastic=ELASTIC, dispensable=DISPENSABLE)
    console = Console(width=room, highlight=False)
    with console.capture() as captured:
        console.print(Lines(HEADINGS, ROWS, widths, figures=HEADINGS[3:]))
    return widths, captured.get()


@pytest.mark.parametrize("room", [16, 20, 24, 31, 32, 40, 41, 50, 63, 80, 81, 100, 140])
def test_what_is_shown_fits_and_no_figure_is_cut(room):
    widths, text = shown(room)
    assert all(cell_len(line.rstrip()) <= room for line in text.splitlines())
    for place, heading in enumerate(HEADINGS):
        if heading not in ELASTIC:
            assert all((row[place] in text) == (heading in widths) for row in ROWS)


def test_more_room_shows_no_less():
    columns = [set(shown(room)[0]) for room in range(16, 100)]
    assert all(narrow <= wide for narrow, wide in pairwise(columns))


def test_columns_go_in_the_order_in_which_they_can_be_done_without():
    told = [left_out(HEADINGS, shown(room)[0]) for room in (100, 50, 40, 32, 20)]
    assert told == ["", "", "chance", "gap, chance", "now, gap, chance"]


def test_the_elastic_take_what_is_left_of_the_room_up_to_their_most():
    assert [shown(room)[0]["Name"] for room in (20, 24, 200)] == [10, 14, 20]


@pytest.mark.parametrize("cell", ["[api] fast", "[/api] fast", "[bold]", "a \\[b]"])
def test_brackets_are_no_markup(cell):
    console = Console(width=20, highlight=False)
    with console.capture() as captured:
        console.print(Lines(["Name"], [[cell]], {"Name": 12}, figures=()))
    assert captured.get().splitlines()[1].rstrip() == cell


def test_colours_end_with_their_cell():
    console = Console(width=20, highlight=False, force_terminal=True, color_system="standard", _environ={})
    rows = [[Text("behind !", style="red"), "−12 pts"], [Text("achieved at last", style="green"), "+3 pts"]]
    with console.capture() as captured:
        console.print(Lines(["Status", "Gap"], rows, {"Status": 10, "Gap": 7}, figures=("Gap",)))
    _, first, second = captured.get().splitlines()
    assert first == "\x1b[31mbehind !\x1b[0m    −12 pts"
    assert second == "\x1b[32machieved …\x1b[0m   +3 pts"
