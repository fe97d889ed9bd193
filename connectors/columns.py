"""Which columns of an answer hold what a point is made of, as a metric's request says.

Belongs here: the request key `columns` and its check. Does not: the columns of an answer (`points.column_names`), which
needs pandas.
"""

from difflib import get_close_matches
from typing import Annotated, Final, TypeAlias

from pydantic import AfterValidator, Field, ValidationInfo

COLUMNS: Final = ("period", "value", "weight")
"""What a column may hold besides the metric's dimensions."""


def _with_a_meaning(columns: dict[str, str | None], info: ValidationInfo) -> dict[str, str | None]:
    """Config checks tell the metric's dimensions; without them a column may mean one of those."""
    dimensions = (info.context or {}).get("dimensions", ())
    if isinstance(dimensions, list) or dimensions is None:
        for name in columns:
            _refuse_unknown(name, (*COLUMNS, *map(str, dimensions or ())))
    return columns


def _refuse_unknown(name: str, known: tuple[str, ...]) -> None:
    if name not in known:
        near = get_close_matches(name, known, 1)
        raise ValueError(
            f"names '{name}', which is neither period, value nor weight, nor a dimension of the metric",
            "It says which column of the answer holds which of these",
            f"Did you mean '{near[0]}'?" if near else f"Add '{name}' to the dimensions, or remove it here",
        )


Columns: TypeAlias = Annotated[
    dict[str, str | None],
    AfterValidator(_with_a_meaning),
    Field(
        description="The column for period, value, weight and each dimension; those left out have the same name."
        " weight: null means that there is none.",
    ),
]
