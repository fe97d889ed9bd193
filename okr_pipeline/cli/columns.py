"""Tables that fit into a terminal: columns are left out before a figure is cut, for a cut figure is another figure.

Belongs here: which columns there is room for, and how wide they are. Does not: what stands in them (tables, comparing).
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from rich.cells import cell_len
from rich.console import JustifyMethod
from rich.table import Table
from rich.text import Text

Row = Sequence[Text | str]
_GAP: Final = 2


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


def table_of(
    headings: Sequence[str], rows: Sequence[Row], widths: Mapping[str, int], *, figures: Collection[str]
) -> Table:
    """A table of the columns that have a width; those of figures are aligned to the right."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading, width in widths.items():
        justify: JustifyMethod = "right" if heading in figures else "left"
        table.add_column(heading, no_wrap=True, width=width, overflow="ellipsis", justify=justify)
    for row in rows:
        table.add_row(*(cell for heading, cell in zip(headings, row, strict=True) if heading in widths))
    return table


def left_out(headings: Sequence[str], widths: Mapping[str, int]) -> str:
    """The headings that there was no room for, in words; empty if there was for all that have one."""
    return ", ".join(it for it in headings if it and it not in widths).lower()


def _taken(widths: Mapping[str, int]) -> int:
    return sum(widths.values()) + _GAP * (len(widths) - 1)
