"""Keys of `project.yaml` and of `sources/*.yaml`.

Belongs here: names, types and short descriptions, as editors show them. Does not: rules across keys (sources).
"""

from datetime import date
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import BeforeValidator, ConfigDict, Field, PlainValidator, WithJsonSchema

from okr_pipeline.config import scalars
from okr_pipeline.config.keys import Day, Id, Keys, Text, Zone
from okr_pipeline.config.problem import Refusal, shown, suggestion
from okr_pipeline.model.configuration import Project
from okr_pipeline.model.status_rule import STATUS_RULES

STORE = Project("").store


def _status_rule(value: object) -> str:
    if isinstance(value, str) and value in STATUS_RULES:
        return value
    raise Refusal(
        f"{shown(value)} is not a status rule",
        "A status must be judged by the rule it names",
        suggestion(str(value), STATUS_RULES, "status rules"),
    )


def _listed(value: object) -> object:
    return value if isinstance(value, list) else [value]


Holiday: TypeAlias = Annotated[
    str | date,
    PlainValidator(scalars.holiday),
    WithJsonSchema({"type": "string", "pattern": f"^({scalars.REGION}|{scalars.DATE})$", "examples": ["US", "DE-BY"]}),
]


class FiscalYearKeys(Keys):
    """A fiscal year of 52 or 53 whole weeks, as retailers keep it; months and quarters are those of its weeks."""

    pattern: Literal["4-4-5", "4-5-4", "5-4-4", "13x4"] = Field(
        description="Weeks of the three months of a quarter; 13x4: thirteen months of four weeks", examples=["4-5-4"]
    )
    ends: Annotated[
        scalars.YearEnd,
        PlainValidator(scalars.year_end),
        WithJsonSchema({"type": "string", "pattern": f"^({scalars.YEAR_END})$"}),
    ] = Field(
        description="The day it ends on: last <weekday> of <month>, or <weekday> nearest the end of <month>",
        examples=["saturday nearest the end of january"],
    )
    week_53: int | None = Field(
        default=None, ge=1, le=13, description="Number of the month that has week 53 in long years; default the last"
    )


class ProjectKeys(Keys):
    """Settings of the whole project."""

    not_yet: ClassVar[frozenset[str]] = frozenset({"people"})

    name: Text = Field(description="The organisation's or project's name", examples=["Harbour Air"])
    timezone: Zone = Field(default="UTC", description="IANA time zone that days and weeks begin in")
    week_starts: Annotated[
        int, PlainValidator(scalars.week_start), WithJsonSchema({"enum": list(scalars.WEEKDAYS), "type": "string"})
    ] = Field(default=0, description="First day of the week", json_schema_extra={"default": scalars.WEEKDAYS[0]})
    fiscal_year_starts: Annotated[
        tuple[int, int],
        PlainValidator(scalars.month_and_day),
        WithJsonSchema({"type": "string", "pattern": r"^\d{2}-\d{2}$", "examples": ["01-01"]}),
    ] = Field(
        default=(1, 1),
        description="Month and day that the fiscal year and its quarters start on",
        json_schema_extra={"default": "01-01"},
    )
    fiscal_year: FiscalYearKeys | None = Field(
        default=None,
        description="A fiscal year of whole weeks, instead of fiscal_year_starts",
        examples=[{"pattern": "4-5-4", "ends": "saturday nearest the end of january"}],
    )
    holidays: Annotated[
        tuple[Holiday, ...],
        Field(strict=False),
        BeforeValidator(_listed, json_schema_input_type=Holiday | list[Holiday]),
    ] = Field(
        default=(),
        description="Regions (US, US-NY) and dates whose holidays are no business days; one, or a list",
        examples=["US"],
    )
    store: Text = Field(
        default=STORE,
        description="URL of the store; ${VAR} and ${VAR:-default} are filled in from the environment",
        examples=["${OKR_STORE_URL:-sqlite:///.okr/okr.db}"],
    )
    status_rule: Annotated[str, PlainValidator(_status_rule), WithJsonSchema({"enum": list(STATUS_RULES)})] = Field(
        default="pace", description="The rule that turns progress into a status; docs/status-rules.md compares them"
    )
    mission: Text | None = Field(default=None, description="What objectives may name as what they support")
    as_of: Day | None = Field(default=None, description="Date to score at instead of today; for examples only")
    history_starts: Day | None = Field(default=None, description="Earliest date whose history is worth reading")


class SourceKeys(Keys):
    """A place metrics are read from. The other keys are those of its connector."""

    model_config = ConfigDict(extra="ignore")

    connector: Id = Field(description="How it is read; `okr connectors list` names them", examples=["sql"])
