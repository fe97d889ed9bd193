"""Tables that fit into a terminal: columns are left out before a figure is cut, for a cut figure is another figure.

Belongs here: which columns there is room for, and how wide they are. Does not: what stands in them (tables, comparing).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.text import Text

Row = Sequence[Text | str]
_GAP: Final = 2
_CUT: Final = "…"


def fitted(
    headings: Sequence[str],
    rows: Sequence[Row],
    room: int,
    *,
    elastic: Mapping[str, tuple[int, int]],
    dispensable: Sequence[str],
) -> dict[str, int]:
    """The columns that fit into a room, by heading, with their widths: that of what is widest in each.

    `elastic` columns may be cut to their least width, and are no wider than their most. Where even that is too much,
    those that are `dispensable` are left out, the first one first.

    >>> cells = [["a long name", "12 %", "1"]]
    >>> fitted(["Name", "Now", "More"], cells, 25, elastic={"Name": (4, 20)}, dispensable=["More"])
    {'Name': 11, 'Now': 4, 'More': 4}
    >>> fitted(["Name", "Now", "More"], cells, 12, elastic={"Name": (4, 20)}, dispensable=["More"])
    {'Name': 6, 'Now': 4}
    """
    full = {
        heading: max(cell_len(str(cell)) for cell in (heading, *(row[place] for row in rows)))
        for place, heading in enumerate(headings)
    }
    widths = {heading: min(width, elastic.get(heading, (width, width))[0]) for heading, width in full.items()}
    for heading in dispensable:
        if _taken(widths) <= room:
            break
        del widths[heading]
    for heading in [it for it in elastic if it in widths]:
        most = min(full[heading], elastic[heading][1])
        widths[heading] += max(0, min(room - _taken(widths), most - widths[heading]))
    return widths


@dataclass(frozen=True, slots=True)
class Lines:
    """Rows as lines under their headings, each cell cut or filled up to the width of its column.

    A table of rich takes a millisecond for each row, so that ten thousand key results took a quarter of a minute: it
    wraps, measures and pads what has its width already. Text is shown as it is; brackets in it are no markup.
    """

    headings: Sequence[str]
    rows: Sequence[Row]
    widths: Mapping[str, int]
    figures: Collection[str]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        places = [self.headings.index(heading) for heading in self.widths]
        columns = [(width, heading in self.figures) for heading, width in self.widths.items()]
        for row in ([Text(heading, style="dim") for heading in self.headings], *self.rows):
            for number, (place, (width, right)) in enumerate(zip(places, columns, strict=True)):
                if number:
                    yield Segment(" " * _GAP)
                yield from _cell(row[place], width, console, right=right)
            yield Segment.line()


def _cell(cell: Text | str, width: int, console: Console, *, right: bool) -> Iterator[Segment]:
    if isinstance(cell, str):
        shown = cell if cell_len(cell) <= width else set_cell_size(cell, width - 1) + _CUT
        told = [Segment(shown)] if shown else []
    else:
        text = cell.copy()
        text.truncate(width, overflow="ellipsis")
        # Joined, it has its own style as that of a span, which alone is rendered.
        shown, told = text.plain, [*Text("", end="").join([text]).render(console)]
    filled = [Segment(" " * (width - cell_len(shown)))]
    yield from (*filled, *told) if right else (*told, *filled)


def left_out(headings: Sequence[str], widths: Mapping[str, int]) -> str:
    """The headings that there was no room for, in words; empty if there was for all that have one."""
    return ", ".join(it for it in headings if it and it not in widths).lower()


def _taken(widths: Mapping[str, int]) -> int:
    return sum(widths.values()) + _GAP * (len(widths) - 1)
