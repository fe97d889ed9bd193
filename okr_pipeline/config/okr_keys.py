"""Keys of `okrs/*.yaml`: a cycle, its objectives and their key results.

Belongs here: names, types and short descriptions, as editors show them. Does not: rules across keys (okrs).
"""

from typing import Annotated, Any, ClassVar, Literal, TypeAlias, get_args

from pydantic import BeforeValidator, ConfigDict, Field, PlainValidator, WithJsonSchema

from okr_pipeline.config import scalars
from okr_pipeline.config.keys import (
    Day,
    FormerIds,
    Fraction,
    Id,
    Keys,
    LevelName,
    Member,
    PositiveFraction,
    Suppressed,
    Text,
    Weight,
    Window,
)
from okr_pipeline.config.problem import Refusal, shown, suggestion
from okr_pipeline.model.okr import RelativeTarget

NamedPace: TypeAlias = Literal["linear", "business_days", "seasonal", "front_loaded", "back_loaded"]
PACES = get_args(NamedPace)

Start: TypeAlias = Annotated[
    float | Literal["at_start"],
    PlainValidator(scalars.start_value),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"const": "at_start"}]}),
]
Members: TypeAlias = dict[str, Member]
Amount: TypeAlias = Annotated[Any, WithJsonSchema({"type": ["number", "string"]})]
"""A number or text of a measure, judged where it is laid over the measure."""


def _change(value: Any) -> Any:
    scalars.change_by(value, "percent")
    return value


class ReachKeys(Keys):
    """From a value to another, up or down."""

    from_: Start = Field(alias="from", description="A number, or at_start", examples=[5])
    to: float = Field(description="The target", examples=[8])


class ChangeByKeys(Keys):
    """By a share or an amount from where it started."""

    by: Annotated[
        float | str,
        PlainValidator(_change),
        WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "pattern": f"^({scalars.AMOUNT})$"}]}),
    ] = Field(description="+25%, -15%, +10 points or +300", examples=["+25%"])
    from_: Start = Field(default="at_start", alias="from", description="A number, or at_start")


class AccumulateKeys(Keys):
    """A sum since the start."""

    to: Annotated[
        float | RelativeTarget,
        PlainValidator(scalars.accumulated),
        WithJsonSchema(
            {"anyOf": [{"type": "number"}, {"type": "string", "pattern": f"^({scalars.RELATIVE_TARGET})$"}]}
        ),
    ] = Field(description="A number, +20% of previous_cycle or +20% of year_ago", examples=[20])


class LimitKeys(Keys):
    """A budget."""

    to: float = Field(gt=0, description="The most that the sum may be", examples=[120000])


class MaintainKeys(Keys):
    """Stay inside a band."""

    min: float | None = Field(default=None, description="Least good value, included")
    max: float | None = Field(default=None, description="Greatest good value, included")
    share: PositiveFraction = Field(default=1.0, description="Share of periods or events to hold it in")
    of: Literal["periods", "events"] = Field(default="periods", description="What the share is counted in")


class CadenceKeys(Keys):
    """So much in each period of a length."""

    at_least: float = Field(gt=0, description="Least sum in each", examples=[2])
    per: Literal["hour", "day", "week", "month", "quarter"] = Field(description="Length of each", examples=["month"])
    share: PositiveFraction = Field(default=1.0, description="Share of them to hold it in")


class WhenKeys(Keys):
    """A metric's condition."""

    metric: Id = Field(description="Metric to watch", examples=["stores"])
    at_least: float = Field(description="Its latest value is at least this", examples=[10])
    where: Members = Field(default_factory=dict, description="Members of its dimensions")


class MilestoneKeys(Keys):
    """One step."""

    title: Text = Field(description="What is done", examples=["Search"])
    weight: Weight = Field(default=1.0, description="Weight among the steps")
    due: Day | None = Field(default=None, description="Day it is due; default the key result's last")
    done_on: Day | None = Field(default=None, description="Day it was done")
    when: WhenKeys | None = Field(default=None, description="Done when a metric gets there")


class BaselineKeys(Keys):
    """Find out where a metric stands."""

    needs: int = Field(ge=1, description="Ended periods to observe", examples=[8])


class ManualKeys(Keys):
    """From a value to another, as check-ins say."""

    from_: float = Field(alias="from", description="The value that is no progress", examples=[0])
    to: float = Field(description="The target", examples=[10])


class MeasureKeys(Keys):
    """How a key result is measured: exactly one of these."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})
    reach: ReachKeys | None = Field(
        default=None, description="From a value to another, up or down", examples=[{"from": 5, "to": 8}]
    )
    change: ChangeByKeys | None = Field(
        default=None, description="By a share or an amount from where it started", examples=[{"by": "+25%"}]
    )
    accumulate: AccumulateKeys | None = Field(default=None, description="A sum since the start", examples=[{"to": 20}])
    limit: LimitKeys | None = Field(default=None, description="A budget", examples=[{"to": 120000}])
    maintain: MaintainKeys | None = Field(default=None, description="Stay inside a band", examples=[{"min": 90}])
    cadence: CadenceKeys | None = Field(
        default=None, description="So much in each period of a length", examples=[{"at_least": 2, "per": "month"}]
    )
    milestones: Annotated[tuple[MilestoneKeys, ...], Field(strict=False, min_length=1)] | None = Field(
        default=None, description="Steps with weights", examples=[[{"title": "Search", "due": "2013-05-10"}]]
    )
    baseline: BaselineKeys | None = Field(
        default=None, description="Find out where a metric stands", examples=[{"needs": 8}]
    )
    manual: ManualKeys | None = Field(
        default=None, description="From a value to another, as check-ins say", examples=[{"from": 0, "to": 10}]
    )


class CheckpointKeys(Keys):
    """A planned value at the end of a day."""

    on: Day = Field(description="The day", examples=["2013-05-01"])
    value: float = Field(description="Value planned for its end", examples=[12])


class PaceKeys(Keys):
    """A plan of dated values."""

    checkpoints: Annotated[tuple[CheckpointKeys, ...], Field(strict=False)] = Field(
        description="Dated values, in order", examples=["[{on: 2013-05-01, value: 12}]"]
    )


class NamedPaceKeys(PaceKeys):
    """A plan whose shape has a name."""

    kind: NamedPace


def _pace(value: Any) -> Any:
    if isinstance(value, dict):
        return value
    if value in PACES:
        return NamedPaceKeys.model_construct(kind=value, checkpoints=())
    raise Refusal(
        f"{shown(value)} is not a pace",
        f"Expected progress follows {', '.join(PACES)}, or dated values (checkpoints)",
        suggestion(str(value), PACES, "paces")
        if value != "checkpoints"
        else "Write {checkpoints: [{on: …, value: …}]}",
    )


class AmendmentKeys(Keys):
    """What of a key result changed, from the start of a day on."""

    on: Day = Field(description="Day from whose start on it holds", examples=["2013-05-06"])
    reason: Text = Field(description="Why", examples=["Runway works at JFK until July"])
    author: Text = Field(description="Who decided it", examples=["coo@harbour.example"])
    to: Amount | None = Field(default=None, description="New target of reach, accumulate or limit", examples=[11])
    from_: Amount | None = Field(default=None, alias="from", description="New start of reach or change")
    by: Amount | None = Field(default=None, description="New step of change, as in +20%")
    min: Amount | None = Field(default=None, description="New least good value of maintain")
    max: Amount | None = Field(default=None, description="New greatest good value of maintain")
    share: Amount | None = Field(default=None, description="New share of maintain or cadence")
    at_least: Amount | None = Field(default=None, description="New least sum of cadence")
    needs: Amount | None = Field(default=None, description="New number of periods of baseline")
    measure: MeasureKeys | None = Field(default=None, description="The whole measure, where more of it changes")
    weight: Weight | None = Field(default=None, description="New weight in its objective")
    starts: Day | None = Field(default=None, description="New first day")
    ends: Day | None = Field(default=None, description="New last day, included")
    metric: Id | None = Field(default=None, description="Metric that it reads from now on")
    where: Members | None = Field(default=None, description="Members that it reads from now on; all that it names")
    over: Window | None = Field(default=None, description="Window of its value from now on")
    pace: Annotated[PaceKeys, BeforeValidator(_pace, json_schema_input_type=NamedPace | PaceKeys)] | None = Field(
        default=None, description="Shape of the plan from now on"
    )
    state: Literal["active", "paused", "cancelled"] | None = Field(
        default=None, description="Whether it is pursued from now on"
    )
    state_reason: Text | None = Field(default=None, description="Why it is paused or cancelled")


class KeyResultKeys(Keys):
    """A measurable promise."""

    not_yet: ClassVar[frozenset[str]] = frozenset({"check_ins"})

    title: Text = Field(description="What is promised", examples=["Cut the average delay from 15 to 10 minutes"])
    owner: Text = Field(description="Who answers for it", examples=["ops@harbour.example"])
    metric: Id | None = Field(
        default=None,
        description="Metric it reads; without one, accumulate and limit add up what contributes to them",
        examples=["departure_delay"],
    )
    where: Members = Field(default_factory=dict, description="Members of the metric's dimensions it reads")
    measure: MeasureKeys = Field(description="How it is measured", examples=["{reach: {from: 5, to: 8}}"])
    over: Window | None = Field(default=None, description="Window of its value: latest, cycle or trailing 28 days")
    pace: Annotated[PaceKeys, BeforeValidator(_pace, json_schema_input_type=NamedPace | PaceKeys)] | None = Field(
        default=None,
        description="Shape of the plan: linear, business_days, seasonal, front_loaded, back_loaded or checkpoints",
    )
    starts: Day | None = Field(default=None, description="First day; default the cycle's")
    ends: Day | None = Field(default=None, description="Last day, included; default the cycle's")
    weight: Weight = Field(default=1.0, description="Weight in its objective")
    min_coverage: Fraction = Field(default=0.8, description="Least share of observed periods for a score")
    grace: Fraction = Field(default=0.1, description="Share of its span in which it is not yet judged")
    state: Literal["active", "paused", "cancelled"] = Field(default="active", description="Whether it is pursued")
    state_reason: Text | None = Field(default=None, description="Why it is paused or cancelled")
    amendments: Annotated[tuple[AmendmentKeys, ...], Field(strict=False)] = Field(
        default=(),
        description="What was changed since, oldest first; its own keys stay as they were promised",
        examples=["[{on: 2013-05-06, to: 11, reason: Runway works until July, author: coo@harbour.example}]"],
    )
    renamed_from: FormerIds = Field(
        default=(),
        description="Ids that it had before, the last one first; null: it is new, however like another that is gone",
        examples=["departure-delay"],
    )
    contributes_to: Annotated[str, WithJsonSchema({"type": "string"})] | None = Field(
        default=None, description="Key result of a longer cycle that its value is a part of: an id, or <cycle>/<id>"
    )
    initiatives: Annotated[tuple[Text, ...], Field(strict=False)] = Field(
        default=(), description="What is done to get there"
    )
    why: Text | None = Field(default=None, description="Why it matters")
    check_in: Literal["daily", "weekly", "biweekly", "monthly"] | None = Field(
        default=None, description="How often people check in; default the cycle's"
    )
    suppress: Suppressed = Field(
        default_factory=dict,
        description="Rules of okr lint that it may break, each with the reason",
        examples=[{"activity": "The regulator asks for the document itself"}],
    )


class ContributesKeys(Keys):
    """How an objective's score counts in its parent's."""

    weight: Weight = Field(description="Weight among the parent's key results and children", examples=[1])


class ObjectiveKeys(Keys):
    """A qualitative aim with its key results."""

    not_yet: ClassVar[frozenset[str]] = frozenset({"amendments"})

    title: Text = Field(description="What is aimed at", examples=["Become the airline people trust"])
    owner: Text = Field(description="Who answers for it", examples=["coo@harbour.example"])
    level: LevelName = Field(description="Where in the organisation it lives", examples=["company"])
    intent: Literal["committed", "aspirational", "learning"] = Field(
        description="How much of it is promised: all, a stretch, or a finding", examples=["committed"]
    )
    why: Text | None = Field(default=None, description="Why it matters")
    horizon: Literal["strategic", "tactical"] | None = Field(default=None, description="How far it looks")
    parent: Annotated[str, WithJsonSchema({"type": "string"})] | None = Field(
        default=None, description="Objective it aligns to: an id of this cycle, or <cycle>/<id>"
    )
    contributes: ContributesKeys | None = Field(default=None, description="Adds this score to the parent's, too")
    coverage_floor: Fraction = Field(default=0.5, description="Least known weight share for a score")
    supports: Text | None = Field(default=None, description="What of the mission it supports")
    renamed_from: FormerIds = Field(
        default=(),
        description="Ids that it had before, the last one first; null: it is new, however like another that is gone",
        examples=["on-time"],
    )
    suppress: Suppressed = Field(
        default_factory=dict,
        description="Rules of okr lint that it may break, each with the reason",
        examples=[{"activity": "The regulator asks for the document itself"}],
    )
    key_results: dict[str, KeyResultKeys] = Field(description="Two to five measurable promises, by id")


class CycleKeys(Keys):
    """A stretch of whole days that objectives are set for."""

    id: Id = Field(description="Its name", examples=["2013-Q2"])
    starts: Day = Field(description="First day", examples=["2013-04-01"])
    ends: Day = Field(description="Last day, included", examples=["2013-06-30"])
    check_in: Literal["daily", "weekly", "biweekly", "monthly"] = Field(
        default="weekly", description="How often people check in"
    )
    renamed_from: FormerIds = Field(
        default=(),
        description="Ids that it had before, the last one first: all in it goes on; null: it is new",
        examples=["2013-spring"],
    )
