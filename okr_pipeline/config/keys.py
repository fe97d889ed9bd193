"""The types that keys of config files are made of: what every border model shares.

Belongs here: the strict, closed base model and annotated scalar types, each with its JSON Schema.
Does not: the keys of one kind of document (`project_keys`, `metric_keys`, `okr_keys`).
"""

from datetime import date
from typing import Annotated, Any, ClassVar, Final, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, StringConstraints, WithJsonSchema

from okr_pipeline.config import scalars
from okr_pipeline.model.calendar import Duration
from okr_pipeline.model.lint import LINT_RULES
from okr_pipeline.model.okr import Over


class Keys(BaseModel):
    """Keys of one mapping. `not_yet` names those that the language has and this version does not read."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
    not_yet: ClassVar[frozenset[str]] = frozenset()


def former_ids(written: object) -> tuple[str, ...]:
    """Former ids as a file has them: one, a list, or null.

    Raises:
        Refusal: one is not an id.
    """
    return tuple(scalars.identifier(it) for it in _former(written))


def _member(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _former(value: Any) -> Any:
    if value is None:
        return ()
    return value if isinstance(value, list) else (value,)


def _pattern(pattern: str, *examples: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^({pattern})$", "examples": list(examples)})


_SUPPRESSED: Final = {
    "type": "object",
    "propertyNames": {"enum": list(LINT_RULES)},
    "additionalProperties": {"type": "string", "minLength": 1},
}

Text: TypeAlias = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Id: TypeAlias = Annotated[
    str,
    PlainValidator(scalars.identifier),
    WithJsonSchema({"type": ["string", "integer"], "pattern": f"^{scalars.ID}$"}),
]
Member: TypeAlias = Annotated[
    str, BeforeValidator(_member), Field(min_length=1), WithJsonSchema({"type": ["string", "integer"]})
]
"""A member of a dimension or a label: always text, also where YAML reads a whole number."""
Day: TypeAlias = Annotated[
    date,
    PlainValidator(scalars.day),
    WithJsonSchema({"type": "string", "format": "date", "pattern": f"^{scalars.DATE}$"}),
]
Length: TypeAlias = Annotated[Duration, PlainValidator(scalars.duration), _pattern(scalars.DURATION, "2d", "36h")]
PositiveLength: TypeAlias = Annotated[
    Duration, PlainValidator(scalars.positive_duration), _pattern(scalars.DURATION, "2d", "36h")
]
Window: TypeAlias = Annotated[
    Over, PlainValidator(scalars.over), _pattern(f"latest|cycle|trailing +{scalars.DURATION}", "trailing 28 days")
]
Zone: TypeAlias = Annotated[
    str, PlainValidator(scalars.timezone), WithJsonSchema({"type": "string", "examples": ["America/New_York"]})
]
Unit: TypeAlias = Annotated[
    str,
    PlainValidator(scalars.unit),
    WithJsonSchema(
        {
            "type": "string",
            "minLength": 1,
            "maxLength": 40,
            "examples": ["count", "ratio", "percent", "points", "score", "currency:USD", "seconds", "hours", "days"],
        }
    ),
]
Suppressed: TypeAlias = Annotated[dict[str, Text], WithJsonSchema(_SUPPRESSED)]
"""Lint rules by id, each with the reason why it may be broken."""
FormerIds: TypeAlias = Annotated[
    tuple[Id, ...], BeforeValidator(_former, json_schema_input_type=Id | list[Id] | None), Field(strict=False)
]
"""Ids that a thing had before, the last one first; null and none are a statement, too: that it had none."""
Fraction: TypeAlias = Annotated[float, Field(ge=0, le=1)]
PositiveFraction: TypeAlias = Annotated[float, Field(gt=0, le=1)]
Weight: TypeAlias = Annotated[float, Field(gt=0)]
LevelName: TypeAlias = Literal["company", "department", "team", "individual"]
