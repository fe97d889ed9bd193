"""Small worlds: YAML as people write it, and observations as a line of numbers, into what `score` takes.

Belongs here: the notation of the tables. Does not: any expectation, any rule.

Metrics, key results, objectives and the project are mappings with the keys of the configuration files. Observations
are lines `[metric] [dimension=member,…] start values…`, one value for each period from the start on:

    10          a value             10@3      a value with weight 3
    _           nothing             !         a value that a check refused
    null        withdrawn           10x7      seven times
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import yaml

from okr_pipeline.config.scalars import year_end
from okr_pipeline.model.calendar import Calendar, Duration, Grain
from okr_pipeline.model.configuration import Configuration, Project
from okr_pipeline.model.fiscal import WeekYear
from okr_pipeline.model.formula import parse_formula
from okr_pipeline.model.frames import CHECK_INS, OBSERVATIONS, QUARANTINE
from okr_pipeline.model.holidays import Holidays
from okr_pipeline.model.metric import Across, Additivity, Better, Metric, Rollup
from okr_pipeline.model.okr import (
    Accumulate,
    Amendment,
    Baseline,
    Budget,
    Cadence,
    Change,
    Checkpoint,
    Cycle,
    Intent,
    KeyResult,
    Level,
    Maintain,
    Manual,
    Measure,
    MetricReached,
    Milestone,
    Milestones,
    Objective,
    Over,
    Pace,
    Points,
    Reach,
    RelativeTarget,
    Share,
)

Yaml = Mapping[str, Any]

DEFAULT_METRIC: Yaml = {"grain": "day", "unit": "count", "better": "higher", "rollup": "sum"}
DEFAULT_CYCLE: Yaml = {"id": "C", "starts": date(2013, 4, 1), "ends": date(2013, 4, 10)}

_UNITS = {"h": "hours", "d": "days", "w": "weeks", "m": "months"}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class World:
    """Everything a score is a function of. `instants` are dates (their end) or instants with an offset."""

    configuration: Configuration
    observations: pd.DataFrame
    quarantine: pd.DataFrame
    baselines: pd.DataFrame
    check_ins: pd.DataFrame
    failed_sources: tuple[str, ...] = ()

    def instant(self, as_of: str | date) -> datetime:
        """The instant that a date or a time speaks about."""
        if isinstance(as_of, str) and "T" in as_of:
            return datetime.fromisoformat(as_of).astimezone(UTC)
        day = as_of if isinstance(as_of, date) else date.fromisoformat(as_of)
        return self.configuration.project.calendar.end_of_day(day)


@dataclass(frozen=True)
class Given:
    """What a case or a table is given, as written; a case's keys are laid over its table's."""

    project: Yaml = field(default_factory=dict)
    cycles: Sequence[Yaml] = ()
    metrics: Mapping[str, Yaml] = field(default_factory=dict)
    objectives: Mapping[str, Yaml] = field(default_factory=dict)
    key_results: Mapping[str, Yaml] = field(default_factory=dict)
    observed: Sequence[str] = ()
    baselines: Mapping[str, float] = field(default_factory=dict)
    failed: Sequence[str] = ()
    told: Sequence[str] = ()


class _Loader(yaml.SafeLoader):
    """YAML 1.2 scalars: `on` is a word, not true."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in pairs if tag != "tag:yaml.org,2002:bool"]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_yaml(text: str) -> Any:
    """A YAML text of a table."""
    return yaml.load(text, _Loader) if text else {}


def build(given: Given) -> World:
    """The world that is written."""
    calendar = _calendar(given.project)
    metrics = {name: _metric(name, written) for name, written in given.metrics.items()}
    cycles = {
        it["id"]: Cycle(str(it["id"]), it["starts"], it["ends"], it.get("check_in", "weekly"))
        for it in given.cycles or [DEFAULT_CYCLE]
    }
    objectives = _objectives(given, cycles)
    configuration = Configuration(_project(given.project, calendar), {}, metrics, cycles, objectives)
    rows, held = [], []
    for line in given.observed:
        seen, refused = _series(line, configuration)
        rows += seen
        held += refused
    return World(
        configuration=configuration,
        observations=observation_frame(rows),
        quarantine=_frame(held, QUARANTINE),
        baselines=pd.DataFrame(list(given.baselines.items()), columns=["key_result", "value"]),
        check_ins=check_in_frame([_check_in(line) for line in given.told]),
        failed_sources=tuple(given.failed),
    )


def observation_frame(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Rows as an `OBSERVATIONS` frame."""
    return _frame(rows, OBSERVATIONS)


def check_in_frame(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Rows as a `CHECK_INS` frame; what they leave out is the author `a`, by command, at once."""
    usual = {"subject": "C/kr", "author": "a", "origin": "command", "revision": 1, "recorded_at": _RECORDED}
    made = pd.DataFrame([{**usual, **row} for row in rows], columns=list(CHECK_INS), dtype=object)
    made["recorded_at"] = pd.to_datetime(made["recorded_at"], utc=True).dt.as_unit("us")
    return made.astype({"value": "float64", "confidence": "float64"})


def _check_in(line: str) -> dict[str, Any]:
    """`2013-04-03 value=4 confidence=0.6 finding=yes author=b of=C/other`; all but the day may be left out."""
    day, *said = line.split()
    told = dict(word.split("=") for word in said)
    return {"subject": told.pop("of", "C/kr"), "on_date": day, **told}


_RECORDED = datetime(2013, 4, 30, tzinfo=UTC)


def _frame(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    made = pd.DataFrame(list(rows), columns=list(columns))
    for name in ("period_start", "period_end", "recorded_at"):
        made[name] = pd.to_datetime(made[name], utc=True).dt.as_unit("us")
    for name in {"value", "weight"} & set(columns):
        made[name] = made[name].astype("float64")
    return made


def _project(given: Yaml, calendar: Calendar) -> Project:
    return Project("Example", calendar, status_rule=given.get("status_rule", "pace"), holidays=_holidays(given))


def _calendar(project: Yaml) -> Calendar:
    month, day = (int(part) for part in str(project.get("fiscal_year_starts", "01-01")).split("-"))
    zone, fiscal = project.get("timezone", "UTC"), project.get("fiscal_year")
    if fiscal is not None:
        rule, weekday, near = year_end(fiscal["ends"])
        year = WeekYear(fiscal["pattern"], weekday, near, rule, fiscal.get("week_53"))
        return Calendar(zone, year.week_starts, week_year=year)
    return Calendar(zone, _DAYS.index(project.get("week_starts", "monday")), (month, day))


def _holidays(project: Yaml) -> Holidays:
    written = project.get("holidays", [])
    each = written if isinstance(written, list) else [written]
    return Holidays(
        tuple(it for it in each if not isinstance(it, date)), tuple(it for it in each if isinstance(it, date))
    )


def _metric(name: str, given: Yaml) -> Metric:
    written = {**DEFAULT_METRIC, **given}
    formula = written.get("formula")
    rollup = Rollup(written["rollup"]) if not formula or "rollup" in given else None
    return Metric(
        id=name,
        name=name,
        grain=Grain(written["grain"]),
        unit=written["unit"],
        better=Better(written["better"]),
        rollup=rollup,
        source=None if formula else written.get("source", "warehouse"),
        formula=parse_formula(formula) if formula else None,
        formula_text=formula,
        across=Across(written["across"]) if "across" in written else _default_across(rollup),
        additivity=Additivity(written.get("additivity", "additive")),
        dimensions=tuple(written.get("dimensions", ())),
        timezone=written.get("timezone"),
        year=written.get("year", "fiscal"),
        empty=written.get("empty", "missing"),
        provisional=written.get("provisional", "use"),
        freshness=duration(written["freshness"]) if "freshness" in written else None,
        closes_after=duration(written.get("closes_after", "0h")),
    )


def _default_across(rollup: Rollup | None) -> Across:
    return {Rollup.SUM: Across.SUM, Rollup.WEIGHTED_MEAN: Across.WEIGHTED_MEAN}.get(rollup, Across.NONE)  # type: ignore[arg-type]


def duration(text: str) -> Duration:
    """`36h`, `2d` or `28 days`."""
    count, unit = re.fullmatch(r"(\d+)\s*([a-z]+)", text).groups()  # type: ignore[union-attr]
    return Duration(int(count), _UNITS[unit[0]])  # type: ignore[arg-type]


def _objectives(given: Given, cycles: Mapping[str, Cycle]) -> dict[str, Objective]:
    made: dict[str, Objective] = {}
    for name, written in (given.objectives or {"objective": {}}).items():
        cycle = cycles[written.get("cycle", next(iter(cycles)))]
        chosen = written.get("key_results", given.key_results if not given.objectives else {})
        key_results = tuple(
            _key_result(it, name, cycle, {**written.get("each", {}), **body}) for it, body in chosen.items()
        )
        contributes = written.get("contributes")
        objective = Objective(
            id=name,
            cycle=cycle.id,
            title=name,
            owner="owner@example.com",
            level=Level(written.get("level", "team")),
            intent=Intent(written.get("intent", "committed")),
            key_results=key_results,
            parent=written.get("parent"),
            contributes_weight=contributes["weight"] if contributes else None,
            coverage_floor=written.get("coverage_floor", 0.5),
        )
        made[objective.full_id] = objective
    return made


def _key_result(name: str, objective: str, cycle: Cycle, given: Yaml) -> KeyResult:
    return KeyResult(
        id=name,
        objective=objective,
        cycle=cycle.id,
        title=name,
        owner="owner@example.com",
        measure=_measure(given["measure"]),
        starts=given.get("starts", cycle.starts),
        ends=given.get("ends", cycle.ends),
        metric=None if given["measure"].keys() & {"milestones", "manual"} else given.get("metric", "kpi"),
        where={key: str(value) for key, value in given.get("where", {}).items()},
        over=_over(given.get("over", "latest")),
        pace=_pace(given.get("pace", "linear")),
        weight=float(given.get("weight", 1)),
        min_coverage=given.get("min_coverage", 0.8),
        grace=given.get("grace", 0.1),
        state=given.get("state", "active"),
        contributes_to=given.get("contributes_to"),
        amendments=_amendments(given),
        check_in=given.get("check_in", cycle.check_in),
    )


def _amendments(given: Yaml) -> tuple[Amendment, ...]:
    """A number without a measure around it replaces that of the measure that held before."""
    made, measure = [], given["measure"]
    for written in given.get("amendments", ()):
        ((kind, body),) = written.get("measure", measure).items()
        measure = {kind: {**body, **{name: it for name, it in written.items() if name in body}}}
        made.append(
            Amendment(
                on=written["on"],
                reason="A reason",
                author="author@example.com",
                measure=_measure(measure),
                weight=float(written["weight"]) if "weight" in written else None,
                starts=written.get("starts"),
                ends=written.get("ends"),
                metric=written.get("metric"),
                where=written.get("where"),
                over=_over(written["over"]) if "over" in written else None,
                pace=_pace(written["pace"]) if "pace" in written else None,
                state=written.get("state"),
            )
        )
    return tuple(made)


def _measure(written: Yaml) -> Measure:
    ((kind, body),) = written.items()
    return _MEASURES[kind](body)


_MEASURES: Mapping[str, Callable[[Any], Measure]] = {
    "reach": lambda body: Reach(body["from"], body["to"]),
    "change": lambda body: Change(_by(str(body["by"])), body.get("from", "at_start")),
    "accumulate": lambda body: Accumulate(_sum_target(body["to"])),
    "limit": lambda body: Budget(body["to"]),
    "maintain": lambda body: Maintain(
        body.get("min"), body.get("max"), body.get("share", 1.0), body.get("of", "periods")
    ),
    "cadence": lambda body: Cadence(body["at_least"], Grain(body["per"]), body.get("share", 1.0)),
    "milestones": lambda body: Milestones(tuple(_milestone(item) for item in body)),
    "baseline": lambda body: Baseline(body["needs"]),
    "manual": lambda body: Manual(body["from"], body["to"]),
}


def _by(text: str) -> Share | Points:
    if text.endswith("%"):
        return Share(float(text[:-1]) / 100)
    return Points(float(text.removesuffix(" points")))


def _sum_target(to: object) -> float | RelativeTarget:
    if isinstance(to, str):
        share, of = re.fullmatch(r"([+-]\d+)% of (\w+)", to).groups()  # type: ignore[union-attr]
        return RelativeTarget(float(share) / 100, of)  # type: ignore[arg-type]
    return float(to)  # type: ignore[arg-type]


def _milestone(item: Yaml) -> Milestone:
    when = item.get("when")
    reached = MetricReached(when["metric"], when["at_least"], when.get("where", {})) if when else None
    return Milestone(item["title"], item.get("weight", 1.0), item.get("due"), item.get("done_on"), reached)


def _over(text: str) -> Over:
    if text.startswith("trailing "):
        return Over("trailing", duration(text.removeprefix("trailing ")))
    return Over(text)  # type: ignore[arg-type]


def _pace(written: Any) -> Pace:
    if isinstance(written, Mapping):
        return Pace("checkpoints", tuple(Checkpoint(it["on"], it["value"]) for it in written["checkpoints"]))
    return Pace(written)


def _series(line: str, configuration: Configuration) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    words = line.split()
    metric = words.pop(0) if words[0] in configuration.metrics else "kpi"
    pairs = words.pop(0).split(",") if "=" in words[0] else []
    dimensions = json.dumps(dict(sorted(pair.split("=") for pair in pairs)), separators=(",", ":"), ensure_ascii=False)
    calendar, grain = configuration.calendar_of(configuration.metrics[metric]), configuration.metrics[metric].grain
    at = _first_instant(words.pop(0), calendar)
    seen, refused = [], []
    for word in (each for token in words for each in _repeated(token)):
        period = calendar.period_containing(at, grain)
        at = period.end
        row = {"metric": metric, "dimensions": dimensions, "period_start": period.start, "period_end": period.end}
        if word == "!":
            refused.append({**row, "value": -1.0, "rule": "minimum", "recorded_at": period.end, "run_id": "run"})
        elif word != "_":
            value, _, weight = word.partition("@")
            number = float("nan") if value == "null" else float(value)
            recorded = {"revision": 1, "recorded_at": period.end, "run_id": "run"}
            seen.append({**row, "value": number, "weight": float(weight) if weight else None, **recorded})
    return seen, refused


def _first_instant(text: str, calendar: Calendar) -> datetime:
    if "T" in text:
        return datetime.fromisoformat(text).replace(tzinfo=calendar.zone).astimezone(UTC)
    return calendar.start_of_day(date.fromisoformat(text))


def _repeated(token: str) -> list[str]:
    word, _, times = token.rpartition("x") if "x" in token else (token, "", "")
    return [word] * int(times or 1)
