"""Metrics: from their YAML to the model.

Belongs here: rules within one metric, and between a derived metric and its parts.
Does not: the keys' types (metric_keys), or rules of key results that read a metric (okrs).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from okr_pipeline.config.metric_keys import ExpectKeys, ExtraKeys, MetricKeys, StoredShareKeys, SwitchKeys
from okr_pipeline.config.problem import shown, suggestion
from okr_pipeline.config.sources import ConnectorSchema
from okr_pipeline.config.subject import Subject
from okr_pipeline.config.wording import names
from okr_pipeline.model.calendar import Duration, Grain
from okr_pipeline.model.formula import FormulaError, parse_formula, references
from okr_pipeline.model.metric import (
    CHECK_INS,
    Across,
    Additivity,
    Band,
    Better,
    Expectations,
    Extra,
    Limit,
    Metric,
    Rollup,
    Severity,
)

_RESERVED = frozenset({"period", "value", "weight"})
_COMMON = frozenset(MetricKeys.model_fields)
_MOST_SHOWN = 10
_SURVEYED = Expectations(volume=None, restated=None, rewritten=None, repeated=None)
"""What is expected of a survey unless told: whoever answers late, amends or takes back does so on purpose."""
_NOT_SURVEYED = ("source", "formula", "dimensions", "across", "depends_on")
_NOT_DERIVED = ("expect", "empty", "depends_on", "restates")


@dataclass(frozen=True, slots=True)
class KnownSources:
    """What metrics may be read from. `connectors` maps each source to its connector, or to None where that is unclear.

    `settings` are the keys of each source as written. `complete` is False where a file of sources could not be read.
    """

    connectors: Mapping[str, ConnectorSchema | None]
    settings: Mapping[str, Mapping[str, Any]]
    complete: bool


def build_metric(subject: Subject, name: str, keys: object, sources: KnownSources) -> Metric | None:
    """A metric by itself, or None and its problems. What it takes from its parts is still open (`link_metrics`)."""
    written = subject.mapping(keys, "a metric")
    if written is None:
        return None
    before = len(subject.problems)
    request = {key: value for key, value in written.items() if key not in _COMMON}
    common = subject.accept(MetricKeys, {key: value for key, value in written.items() if key in _COMMON})
    if written.get("survey") is True:
        _check_survey(subject, written, request, sources)
    elif written.get("formula") is not None:
        _check_derived(subject, written, request, sources)
    else:
        _check_request(subject, written, request, sources)
    if common is None:
        return None
    _check_metric(subject, common)
    metric = _metric(subject, name, common, request)
    return metric if len(subject.problems) == before else None


def link_metrics(
    metrics: Mapping[str, Metric], subjects: Mapping[str, Subject], zone: str, *, complete: bool
) -> dict[str, Metric]:
    """Metrics with derived ones resolved from their parts; those with problems are left out.

    `subjects` has every metric that is written, also invalid ones; `zone` is the project's; `complete` is False where a
    file could not be read.
    """
    linked: dict[str, Metric] = {}
    for name in _parts_first(metrics, subjects):
        metric = metrics[name]
        if metric.formula is None:
            linked[name] = metric
            continue
        parts = _parts(subjects[name], metric, metrics, linked, subjects, complete=complete)
        if parts is not None and _agrees(subjects[name], metric, parts, zone):
            linked[name] = _resolved(metric, parts)
    return linked


def _check_survey(
    subject: Subject, written: Mapping[str, Any], request: Mapping[str, Any], sources: KnownSources
) -> None:
    read = _request_keys(sources)
    for key in sorted(set(request) - read):
        subject.unknown_key((), key, _COMMON, MetricKeys.not_yet)
    for key in (*_NOT_SURVEYED, *sorted(set(request) & read)):
        if written.get(key) is not None:
            subject.refuse(
                (key,),
                "is given with survey",
                "The values of a survey are answers of people, one number each, and are read from check-ins",
                f"Remove {key}, or survey",
                of_key=True,
            )
    if written.get("grain") == "hour":
        subject.refuse(("grain",), "a survey has no hours", "An answer is of a day", "Write day or longer")
    if written.get("empty") == "zero":
        subject.refuse(
            ("empty",), "a survey nobody answers is not zero", "Silence says nothing", "Remove empty", of_key=True
        )


def _check_derived(
    subject: Subject, written: Mapping[str, Any], request: Mapping[str, Any], sources: KnownSources
) -> None:
    read = _request_keys(sources)
    for key in request:
        if key not in read:
            subject.unknown_key((), key, _COMMON, MetricKeys.not_yet)
        else:
            subject.refuse(
                (key,),
                "is not a key of a derived metric",
                "A metric with a formula is computed from other metrics and reads nothing",
                f"Remove '{key}', or the formula",
                of_key=True,
            )
    if written.get("source") is not None:
        subject.refuse(
            ("source",),
            "a metric has a source or a formula, not both",
            "A metric with a formula is computed from other metrics and reads nothing",
            "Remove the source or the formula",
            of_key=True,
        )
    for key in _NOT_DERIVED:
        if written.get(key) is not None:
            subject.refuse(
                (key,),
                "has no effect on a derived metric",
                "Rows are read and judged where they come in, at the metrics that the formula names",
                "Move it to those metrics",
                of_key=True,
            )


def _request_keys(sources: KnownSources) -> set[str]:
    """The keys that the connectors of any source add to a metric."""
    schemas = (schema for schema in sources.connectors.values() if schema is not None)
    return {key for schema in schemas for key in names(schema.request)}


def _check_request(
    subject: Subject, written: Mapping[str, Any], request: Mapping[str, Any], sources: KnownSources
) -> None:
    source = written.get("source")
    if source is None:
        known = _request_keys(sources)
        for key in sorted(set(request) - known):
            subject.unknown_key((), key, [*_COMMON, *known], MetricKeys.not_yet)
        subject.refuse(
            (),
            "has neither a source nor a formula",
            "Its values must come from somewhere",
            "Add 'source: …', or 'survey: true' where people answer",
            of_key=True,
        )
        return
    if not isinstance(source, str):
        return
    if source not in sources.connectors and sources.complete:
        subject.refuse(
            ("source",),
            f"there is no source {shown(source)}",
            "A metric is read from a source",
            subject.suggestion(source, sources.connectors, "sources"),
        )
    schema = sources.connectors.get(source)
    for key in sorted(set(request) & MetricKeys.not_yet):
        subject.unknown_key((), key, _COMMON, MetricKeys.not_yet)
    if schema is None:
        return
    own = names(schema.request)
    for key in request:
        if key not in own and key not in MetricKeys.not_yet:
            subject.unknown_key((), key, [*_COMMON, *own])
    of_metric = {"dimensions": written.get("dimensions"), "queries": sources.settings[source].get("queries", {})}
    subject.accept(schema.request, {key: value for key, value in request.items() if key in own}, context=of_metric)


def _check_metric(subject: Subject, keys: MetricKeys) -> None:
    if keys.formula is None and keys.rollup is None:
        subject.refuse(
            (),
            "has no 'rollup'",
            "It says how the periods of a window combine",
            "Add 'rollup: sum', weighted_mean, mean, last, min or max",
            of_key=True,
        )
    if keys.formula is not None and keys.rollup == "weighted_mean":
        subject.refuse(
            ("rollup",),
            "a derived metric cannot be a weighted_mean",
            "Its periods have no weights",
            "Leave rollup out: the formula is then computed from its parts over the whole window",
        )
    if keys.formula is not None and keys.rollup is None and keys.across is not None:
        subject.refuse(
            ("across",),
            "has no effect without a rollup",
            "The formula is then computed from its parts, each combined in its own way",
            "Move it to the metrics that the formula names, or add a rollup",
            of_key=True,
        )
    if keys.additivity == "distinct" and keys.across not in (None, "none"):
        subject.refuse(
            ("across",),
            f"{keys.across} of a distinct count",
            "One that is counted in two members would be counted twice",
            "Write none, or leave it out",
        )
    _check_dimensions(subject, keys.dimensions or ())
    subject.check_suppressed(keys.suppress)
    if keys.healthy is not None:
        check_band(subject, ("healthy",), keys.healthy.min, keys.healthy.max)
    if keys.expect is not None:
        _check_expectations(subject, keys.expect, keys.dimensions or ())


def _check_dimensions(subject: Subject, dimensions: tuple[str, ...]) -> None:
    seen: set[str] = set()
    for index, name in enumerate(dimensions):
        if name in seen:
            subject.refuse(
                ("dimensions", index), f"{shown(name)} is given twice", "A dimension splits once", "Remove one"
            )
        seen.add(name)
        if name in _RESERVED:
            subject.refuse(
                ("dimensions", index),
                f"'{name}' cannot be a dimension",
                "The columns period, value and weight have a meaning of their own",
                "Rename the column",
            )


def check_band(subject: Subject, keys: tuple[str, ...], low: float | None, high: float | None) -> None:
    """Refuses a band without bounds, or whose least value is above its greatest."""
    if low is None and high is None:
        subject.refuse(
            keys, "has neither min nor max", "Everything would be inside it", "Add 'min: …' or 'max: …'", of_key=True
        )
    elif low is not None and high is not None and low > high:
        subject.refuse(
            (*keys, "min"), f"{low:g} is above max, {high:g}", "Nothing would be inside it", "Exchange the two"
        )


def _check_expectations(subject: Subject, expect: ExpectKeys, dimensions: tuple[str, ...]) -> None:
    for name in expect.members or {}:
        if name not in dimensions:
            subject.refuse(
                ("expect", "members", name),
                f"'{name}' is no dimension of the metric",
                "Members are those of a dimension",
                suggestion(name, dimensions, "dimensions"),
                of_key=True,
            )
    if expect.between is not None:
        for key in ("min", "max"):
            if getattr(expect, key) is not None:
                subject.refuse(
                    ("expect", key),
                    "is given beside between",
                    "A value has one least and one greatest bound",
                    f"Remove {key} or between",
                    of_key=True,
                )
        check_band(subject, ("expect", "between"), expect.between.min, expect.between.max)
    elif expect.min is not None and expect.max is not None:
        check_band(subject, ("expect",), expect.min.value, expect.max.value)


def _metric(subject: Subject, name: str, keys: MetricKeys, request: Mapping[str, Any]) -> Metric:
    return Metric(
        id=name,
        name=keys.name or _readable(name),
        grain=Grain(keys.grain),
        unit=keys.unit,
        better=Better(keys.better),
        rollup=Rollup(keys.rollup) if keys.rollup else None,
        source=CHECK_INS if keys.survey else keys.source,
        request=request,
        formula=_formula(subject, keys.formula),
        formula_text=keys.formula,
        across=_across(keys),
        additivity=Additivity(keys.additivity),
        dimensions=keys.dimensions or (),
        timezone=keys.timezone,
        year=keys.year,
        empty=keys.empty,
        provisional=keys.provisional,
        freshness=keys.freshness,
        closes_after=keys.closes_after or Duration(0, "hours"),
        restates=keys.restates or Duration(7, "days"),
        healthy=Band(keys.healthy.min, keys.healthy.max) if keys.healthy else None,
        expect=_expectations(keys.expect or ExpectKeys(), _SURVEYED if keys.survey else Expectations()),
        why=keys.why,
        owner=keys.owner,
        level=keys.level,
        kind=keys.kind,
        category=keys.category,
        depends_on=keys.depends_on,
        labels=keys.labels,
        suppress=keys.suppress,
    )


def _formula(subject: Subject, text: str | None) -> Any:
    if text is None:
        return None
    try:
        formula = parse_formula(text)
    except FormulaError as error:
        subject.refuse(
            ("formula",),
            f"{shown(text)} cannot be read: {error}",
            "A formula holds metric ids, numbers, + - * / and parentheses, nothing else",
            "Correct it, as in 'spend / flights_flown', or move a part of it into a metric of its own",
        )
        return None
    if not references(formula):
        subject.refuse(
            ("formula",),
            f"{shown(text)} names no metric",
            "A derived metric has the periods of the metrics it names",
            "Write it as in 'spend / flights_flown'",
        )
    return formula


def _across(keys: MetricKeys) -> Across:
    if keys.across is not None:
        return Across(keys.across)
    if keys.rollup in ("sum", "weighted_mean") and keys.additivity != "distinct":
        return Across(keys.rollup)
    return Across.NONE


def _expectations(keys: ExpectKeys, usual: Expectations) -> Expectations:
    return Expectations(
        minimum=_limit(keys.min) or (Limit(keys.between.min, keys.between.severity) if keys.between else None),
        maximum=_limit(keys.max) or (Limit(keys.between.max, keys.between.severity) if keys.between else None),
        complete=Limit(keys.complete.ratio, keys.complete.severity) if keys.complete else None,
        max_change_ratio=Limit(keys.max_change.ratio, keys.max_change.severity) if keys.max_change else None,
        monotonic=keys.monotonic.severity if keys.monotonic else None,
        anomaly=_limit(keys.anomaly),
        flat=_limit(keys.flat),
        members=dict(keys.members or {}),
        volume=_share(keys.volume, usual.volume),
        restated=_share(keys.restated, usual.restated),
        rewritten=_severity(keys.rewritten, usual.rewritten),
        new_members=_limit(keys.new_members) or usual.new_members,
        repeated=_severity(keys.repeated, usual.repeated),
        also=tuple(map(_extra, keys.also)),
    )


def _limit(keys: Any) -> Limit | None:
    if keys is None:
        return None
    severity: Severity = keys.severity
    return Limit(float(keys.value), severity)


def _share(keys: StoredShareKeys | None, usual: Limit | None) -> Limit | None:
    return usual if keys is None else Limit(keys.ratio, keys.severity)


def _severity(keys: SwitchKeys | Literal[False] | None, usual: Severity | None) -> Severity | None:
    if keys is None:
        return usual
    return keys.severity if keys else None


def _extra(keys: ExtraKeys) -> Extra:
    return Extra(keys.type, dict(keys.model_extra or {}), keys.severity)


def _readable(name: str) -> str:
    words = re.sub(r"[_.\-]+", " ", name).strip()
    return words[:1].upper() + words[1:]


def _parts_first(metrics: Mapping[str, Metric], subjects: Mapping[str, Subject]) -> Iterator[str]:
    """Ids of metrics so that the parts of a formula come before it; those of a circle are refused and left out."""
    state: dict[str, bool] = {}
    for start in metrics:
        if start in state:
            continue
        trail: list[tuple[str, Iterator[str]]] = [(start, iter(_names(metrics[start])))]
        state[start] = False
        while trail:
            name, rest = trail[-1]
            part = next(rest, None)
            if part is None:
                trail.pop()
                state[name] = True
                yield name
            elif part in metrics and part not in state:
                state[part] = False
                trail.append((part, iter(_names(metrics[part]))))
            elif part in metrics and not state[part]:
                _refuse_circle(subjects[name], [step for step, _ in trail], part)
                state.update((step, True) for step, _ in trail)
                trail.clear()


def _refuse_circle(subject: Subject, trail: list[str], back_to: str) -> None:
    circle = [*trail[trail.index(back_to) :], back_to]
    if len(circle) > _MOST_SHOWN:
        circle[_MOST_SHOWN // 2 : -_MOST_SHOWN // 2] = ["…"]
    subject.refuse(
        ("formula",),
        f"needs itself: {' → '.join(circle)}",
        "A formula is computed after the metrics it names",
        "Take one of them out of the circle",
    )


def _names(metric: Metric) -> tuple[str, ...]:
    return references(metric.formula) if metric.formula is not None else ()


def _parts(
    subject: Subject,
    metric: Metric,
    metrics: Mapping[str, Metric],
    linked: Mapping[str, Metric],
    subjects: Mapping[str, Subject],
    *,
    complete: bool,
) -> list[Metric] | None:
    """The metrics of a formula, or None where one is unknown or has problems of its own."""
    for name in _names(metric):
        if name not in subjects and complete:
            subject.refuse(
                ("formula",),
                f"there is no metric '{name}'",
                _why_unknown(name, subjects),
                subject.suggestion(name, metrics, "metrics"),
            )
    parts = [linked[name] for name in _names(metric) if name in linked]
    return parts if len(parts) == len(_names(metric)) else None


def _why_unknown(name: str, known: Mapping[str, Subject]) -> str:
    if any(re.search(r"[.\-]", other) and name in re.split(r"[.\-]", other) for other in known):
        return "In a formula '-' means minus; ids with '-' or '.' cannot be named in one"
    return "A formula is computed from other metrics"


def _agrees(subject: Subject, metric: Metric, parts: list[Metric], zone: str) -> bool:
    """Whether grain, dimensions and zone of a derived metric and its parts are the same."""
    before = len(subject.problems)
    first = parts[0]
    for part in parts:
        if part.grain is not metric.grain:
            subject.refuse(
                ("grain",),
                f"{metric.grain} differs from the {part.grain} of '{part.id}'",
                "A formula combines values of the same periods",
                f"Use metrics of one grain, or write {part.grain}",
            )
        if set(part.dimensions) != set(first.dimensions):
            subject.refuse(
                ("formula",),
                f"'{first.id}' has {_listed(first.dimensions)} and '{part.id}' has {_listed(part.dimensions)}",
                "A formula combines values of the same dimensions",
                "Use metrics of the same dimensions",
            )
        if (part.timezone or zone) != (first.timezone or zone):
            subject.refuse(
                ("formula",),
                f"'{first.id}' and '{part.id}' are in different time zones",
                "A formula combines values of the same periods",
                "Use metrics of one time zone",
            )
        if part.year != first.year:
            subject.refuse(
                ("formula",),
                f"'{first.id}' is by the {first.year} year and '{part.id}' by the {part.year} one",
                "A formula combines values of the same periods",
                "Use metrics of one kind of year",
            )
    if metric.dimensions and set(metric.dimensions) != set(first.dimensions):
        subject.refuse(
            ("dimensions",),
            f"differ from those of '{first.id}', which has {_listed(first.dimensions)}",
            "A derived metric has the dimensions of its parts",
            "Leave them out",
        )
    if metric.year == "civil" and first.year != "civil":
        subject.refuse(
            ("year",),
            f"differs from that of '{first.id}'",
            "A derived metric has the periods of its parts",
            "Leave it out",
        )
    if metric.timezone not in (None, first.timezone or zone):
        subject.refuse(
            ("timezone",),
            f"differs from that of '{first.id}'",
            "A derived metric has the periods of its parts",
            "Leave it out",
        )
    return len(subject.problems) == before


def _listed(dimensions: tuple[str, ...]) -> str:
    return f"the dimensions {', '.join(dimensions)}" if dimensions else "no dimension"


def _resolved(metric: Metric, parts: list[Metric]) -> Metric:
    """A derived metric with what it takes from its parts: it closes, and may be as old, as the slowest of them."""
    slowest = max(parts, key=lambda part: part.freshness_hours)
    return replace(
        metric,
        dimensions=parts[0].dimensions,
        timezone=parts[0].timezone,
        year=parts[0].year,
        closes_after=max(
            [metric.closes_after, *(part.closes_after for part in parts)], key=lambda length: length.hours
        ),
        freshness=metric.freshness or slowest.freshness,
    )
