"""What a driver hands out, gathered into columns within the caps of a source.

Belongs here: counting rows and bytes while they arrive, so that no more is ever kept. Does not: fetching them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from connectors.errors import DataError, source_key
from connectors.points import from_arrow

if TYPE_CHECKING:
    import pyarrow as pa

_BYTES_OF_A_VALUE: Final = 8


@dataclass(frozen=True, slots=True)
class Caps:
    """The most rows and bytes of one answer. A value counts as 8 bytes, a text or binary one as its length besides."""

    rows: int
    size: int

    @property
    def enough(self) -> int:
        """How many rows of an answer show that it is too long."""
        return self.rows + 1

    def refuse_more(self, rows: int, size: int) -> None:
        """Compare an answer that is still arriving.

        Raises:
            DataError: it is longer or larger than the caps.
        """
        if rows > self.rows:
            raise DataError(
                f"The query gives more than {self.rows:,} rows, and rows are never cut off."
                " Aggregate to one row per period and combination of dimensions, or raise ",
                source_key("max_rows"),
                ".",
            )
        if size > self.size:
            raise DataError(
                f"The answer to the query is larger than {self.size:,} bytes, and answers are never cut off."
                " Aggregate, or select fewer and shorter columns, or raise ",
                source_key("max_bytes"),
                ".",
            )


def gathered(names: Sequence[str], arriving: Iterable[Sequence[object]], caps: Caps) -> pd.DataFrame:
    """Driver rows as columns of Python objects, with None for null.

    They are counted one by one: a thousand of them asked for at once could already fill the memory.

    Raises:
        DataError: they are more than the caps allow.
    """
    rows: list[Sequence[object]] = []
    size = 0
    for row in arriving:
        rows.append(row)
        size += _BYTES_OF_A_VALUE * len(row)
        for value in row:
            if isinstance(value, (str, bytes)):
                size += len(value)
        if size > caps.size or len(rows) > caps.rows:
            caps.refuse_more(len(rows), size)
    return _frame(names, rows)


def gathered_arrow(reader: "pa.RecordBatchReader", caps: Caps) -> pd.DataFrame:
    """The same of Arrow batches, as `connectors.points.from_arrow` makes columns."""
    import pyarrow as pa

    batches: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in reader:
        batches.append(batch)
        rows += batch.num_rows
        size += batch.nbytes
        caps.refuse_more(rows, size)
    return from_arrow(pa.Table.from_batches(batches, reader.schema))


def _frame(names: Sequence[str], rows: Sequence[Sequence[object]]) -> pd.DataFrame:
    columns = np.empty((len(rows), len(names)), dtype=object)
    if rows:
        columns[:] = rows
    return pd.DataFrame(columns, columns=pd.Index(list(names), dtype=object), dtype=object)
