"""Keys of `metrics/*.yaml`, but those that a connector adds.

Belongs here: names, types and short descriptions, as editors show them. Does not: rules across keys (metrics).
"""

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import BeforeValidator, ConfigDict, Field

from okr_pipeline.config.keys import (
    FormerIds,
    Fraction,
    Keys,
    Length,
    LevelName,
    Member,
    PositiveLength,
    Suppressed,
    Text,
    Unit,
    Zone,
)
from okr_pipeline.config.problem import Refusal, shown
from okr_pipeline.model.metric import Severity


def _bare(key: str) -> Callable[[Any], Any]:
    """Lets a threshold be written without a mapping: `0.95` for `{ratio: 0.95}`."""
    return lambda value: value if isinstance(value, dict) or value is None else {key: value}


def _bounds(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    if len(value) != 2:
        raise Refusal(
            f"has {len(value)} items" if value else "has no items",
            "A range has a least and a greatest value",
            "Write it as in [0, 100]",
        )
    return {"min": value[0], "max": value[1]}


def _switch(value: Any) -> Any:
    if isinstance(value, bool):
        return {} if value else None
    if isinstance(value, dict) or value is None:
        return value
    raise Refusal(f"{shown(value)} is neither true nor false", "It is a rule that is on or off", "Write true or false")


def _refusing(value: Any) -> Any:
    """A rule that is on by default: only `false` takes it away."""
    return value if value is False else _switch(value)


class BandKeys(Keys):
    """A closed interval."""

    min: float | None = Field(default=None, description="Least value, included")
    max: float | None = Field(default=None, description="Greatest value, included")


class BetweenKeys(Keys):
    """Bounds of a value."""

    min: float = Field(description="Least value, included")
    max: float = Field(description="Greatest value, included")
    severity: Severity = Field(default="block", description="block refuses a value that breaks it, warn records it")


class ValueKeys(Keys):
    """A threshold in the metric's unit."""

    value: float = Field(description="The threshold, included")
    severity: Severity = Field(default="block", description="block refuses a value that breaks it, warn records it")


class ShareKeys(Keys):
    """A least share."""

    ratio: Fraction = Field(description="Least share of periods, 0 to 1")
    severity: Severity = Field(default="block", description="block refuses a value that breaks it, warn records it")


class StoredShareKeys(Keys):
    """A share of what is stored."""

    ratio: Fraction = Field(description="Share of the stored values, 0 to 1")
    severity: Severity = Field(default="block", description="block refuses a read that breaks it, warn records it")


class ChangeKeys(Keys):
    """A largest relative change."""

    ratio: float = Field(gt=0, description="Largest relative change, 5 for fivefold on top")
    severity: Severity = Field(default="block", description="block refuses a value that breaks it, warn records it")


class SwitchKeys(Keys):
    """A rule without a threshold."""

    severity: Severity = Field(default="block", description="block refuses a value that breaks it, warn records it")


class AnomalyKeys(Keys):
    """A largest robust z."""

    value: float = Field(gt=0, description="Largest robust z against the series' own history")
    severity: Severity = Field(default="warn", description="block refuses a value that breaks it, warn records it")


class FlatKeys(Keys):
    """A longest flat line."""

    value: int = Field(ge=1, description="Most equal values in a row")
    severity: Severity = Field(default="warn", description="block refuses a value that breaks it, warn records it")


class CountKeys(Keys):
    """A largest number of things."""

    value: int = Field(ge=0, description="The most there may be")
    severity: Severity = Field(default="block", description="block refuses a value that breaks it, warn records it")


class ExtraKeys(Keys):
    """One more Great Expectations expectation; its other keys are the expectation's arguments."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(
        pattern=r"^Expect[A-Z][A-Za-z0-9]*$",
        description="Class name of a Great Expectations expectation",
        examples=["ExpectColumnMedianToBeBetween"],
    )
    severity: Severity = Field(default="block", description="block refuses a value that breaks it, warn records it")


class ExpectKeys(Keys):
    """Rules of a metric's values beyond those that always hold. A bare value blocks what breaks it."""

    between: (
        Annotated[
            BetweenKeys,
            BeforeValidator(
                _bounds,
                json_schema_input_type=Annotated[list[float], Field(min_length=2, max_length=2)] | BetweenKeys,
            ),
        ]
        | None
    ) = Field(default=None, description="Least and greatest value", examples=[[0, 100]])
    min: Annotated[ValueKeys, BeforeValidator(_bare("value"), json_schema_input_type=float | ValueKeys)] | None = Field(
        default=None, description="Least value"
    )
    max: Annotated[ValueKeys, BeforeValidator(_bare("value"), json_schema_input_type=float | ValueKeys)] | None = Field(
        default=None, description="Greatest value"
    )
    complete: (
        Annotated[ShareKeys, BeforeValidator(_bare("ratio"), json_schema_input_type=Fraction | ShareKeys)] | None
    ) = Field(default=None, description="Least share of periods that have a value", examples=[0.95])
    max_change: (
        Annotated[
            ChangeKeys,
            BeforeValidator(_bare("ratio"), json_schema_input_type=Annotated[float, Field(gt=0)] | ChangeKeys),
        ]
        | None
    ) = Field(default=None, description="Largest relative change from period to period", examples=[5])
    monotonic: Annotated[
        SwitchKeys | None, BeforeValidator(_switch, json_schema_input_type=bool | SwitchKeys | None)
    ] = Field(default=None, description="A value may not fall from one period to the next")
    anomaly: (
        Annotated[
            AnomalyKeys,
            BeforeValidator(_bare("value"), json_schema_input_type=Annotated[float, Field(gt=0)] | AnomalyKeys),
        ]
        | None
    ) = Field(default=None, description="Largest robust z against the series' history; warns unless told")
    flat: (
        Annotated[
            FlatKeys,
            BeforeValidator(_bare("value"), json_schema_input_type=Annotated[int, Field(ge=1)] | FlatKeys),
        ]
        | None
    ) = Field(default=None, description="Most equal values in a row; warns unless told")
    members: dict[str, Annotated[tuple[Member, ...], Field(strict=False, min_length=1)]] | None = Field(
        default=None, description="By dimension, the only members there are", examples=[{"country": ["DE", "FR"]}]
    )
    volume: (
        Annotated[StoredShareKeys, BeforeValidator(_bare("ratio"), json_schema_input_type=Fraction | StoredShareKeys)]
        | None
    ) = Field(default=None, description="Least share of the stored values that a read brings again; default 0.8")
    restated: (
        Annotated[StoredShareKeys, BeforeValidator(_bare("ratio"), json_schema_input_type=Fraction | StoredShareKeys)]
        | None
    ) = Field(default=None, description="Largest share of the settled values that a read may change; default 0.1")
    rewritten: Annotated[
        SwitchKeys | Literal[False] | None, BeforeValidator(_refusing, json_schema_input_type=bool | SwitchKeys | None)
    ] = Field(default=None, description="Most values may not change their meaning from read to read; default true")
    new_members: (
        Annotated[
            CountKeys,
            BeforeValidator(_bare("value"), json_schema_input_type=Annotated[int, Field(ge=0)] | CountKeys),
        ]
        | None
    ) = Field(
        default=None, description="Most members never seen that a read may bring, or twice those known; default 20"
    )
    repeated: Annotated[
        SwitchKeys | Literal[False] | None, BeforeValidator(_refusing, json_schema_input_type=bool | SwitchKeys | None)
    ] = Field(default=None, description="A period may not repeat another throughout a source; default true")
    also: Annotated[tuple[ExtraKeys, ...], Field(strict=False)] = Field(
        default=(), description="More Great Expectations expectations"
    )


Texts: TypeAlias = Annotated[tuple[Text, ...], Field(strict=False)]


class MetricKeys(Keys):
    """A KPI: one value per period and combination of dimensions."""

    not_yet: ClassVar[frozenset[str]] = frozenset({"milestones"})

    name: Text | None = Field(default=None, description="As people read it; default from the id")
    why: Text | None = Field(default=None, description="Why it is measured")
    owner: Text | None = Field(default=None, description="Who answers for it")
    source: str | None = Field(default=None, description="Source it is read from; left out with a formula or survey")
    survey: bool = Field(default=False, description="Its values are answers of people, from check-ins; no source then")
    formula: str | None = Field(
        default=None,
        description="Other metrics of the same grain and dimensions, with + - * / ( ) and numbers",
        examples=["spend / flights_flown"],
    )
    dimensions: Texts | None = Field(default=None, description="Columns that split its values", examples=[["carrier"]])
    grain: Literal["hour", "day", "week", "month", "quarter"] = Field(
        description="Length of its periods", examples=["day"]
    )
    unit: Unit = Field(
        description="count, ratio, percent, points, score, currency:USD, seconds, minutes, hours, days or a label",
        examples=["count"],
    )
    better: Literal["higher", "lower", "in_band"] = Field(description="The good direction", examples=["higher"])
    rollup: Literal["sum", "mean", "weighted_mean", "last", "min", "max"] | None = Field(
        default=None, description="How the periods of a window combine", examples=["sum"]
    )
    across: Literal["sum", "weighted_mean", "last", "none"] | None = Field(
        default=None, description="How members of dimensions combine; default as rollup for sum and weighted_mean"
    )
    additivity: Literal["additive", "distinct", "ratio", "snapshot"] = Field(
        default="additive", description="Whether values may be added; distinct ones never"
    )
    timezone: Zone | None = Field(default=None, description="Zone its periods begin in; default the project's")
    year: Literal["fiscal", "civil"] = Field(
        default="fiscal", description="Whether its months and quarters are the project's fiscal ones or civil ones"
    )
    empty: Literal["missing", "zero"] = Field(default="missing", description="What a period without a row means")
    provisional: Literal["use", "wait"] = Field(default="use", description="Whether periods count before they close")
    freshness: PositiveLength | None = Field(
        default=None, description="The newest ended period may be at most this old; default three grains"
    )
    closes_after: Length | None = Field(default=None, description="A period is provisional until this after its end")
    restates: Length | None = Field(default=None, description="How much history every run reads again; default 7d")
    healthy: BandKeys | None = Field(default=None, description="Where it should be", examples=[{"max": 15}])
    expect: ExpectKeys | None = Field(default=None, description="What valid values look like")
    level: LevelName | None = Field(default=None, description="Where in the organisation it lives")
    kind: Literal["lagging", "leading", "input"] | None = Field(default=None, description="What it tells about")
    category: Literal["operational", "financial", "strategic"] | None = Field(
        default=None, description="Which side of the business it belongs to"
    )
    depends_on: Texts = Field(default=(), description="Dagster asset keys upstream of its source table")
    labels: dict[str, Member] = Field(default_factory=dict, description="Words of your own to select it by")
    renamed_from: FormerIds = Field(
        default=(),
        description="Ids that it had before, the last one first; null: it is new, however like another that is gone",
        examples=["delay"],
    )
    suppress: Suppressed = Field(
        default_factory=dict,
        description="Rules of okr lint that it may break, each with the reason",
        examples=[{"activity": "The regulator asks for the document itself"}],
    )
