"""Works a proof file out again in plain loops, with Python's standard library alone: no okr-pipeline, no database.

    python -m okr_pipeline.recheck FILE        or, copied anywhere, python recheck.py FILE

Exit codes: 0 every number is as stated; 1 some are not, and they are printed; 2 this is no proof file of this version.
It shares no code with what made the numbers, and adds up in another order: numbers count as equal to nine digits.
Taken as they are from the file: observations, and the instants at which days and periods begin. Forecasts are not
worked out again; `okr verify` does that. See docs/proof.md.
"""

import hashlib
import json
import math
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

FORMAT: Final = "okr-pipeline proof"
SCHEMA_VERSION: Final = 1
MEASURES: Final = ("reach", "change", "accumulate", "limit", "maintain", "cadence", "milestones", "baseline", "manual")
PACES: Final = ("linear", "checkpoints", "business_days", "seasonal", "front_loaded", "back_loaded")
STATUS_RULES: Final = ("pace", "viva", "engagedly", "upraise", "mooncamp", "leankit", "zokri", "google")
CHECKED: Final = (
    "value", "baseline", "target", "progress", "score", "expected_progress", "expected_progress_now", "pace_ratio",
    "gap", "observed_periods", "expected_periods", "status", "reason", "provisional", "value_period_end",
    "original_target", "original_progress", "confidence",
)  # fmt: skip
CHECKED_OF_OBJECTIVES: Final = (
    "score", "expected_progress", "coverage", "score_low", "score_high", "status", "reason",
)  # fmt: skip
_AMENDABLE: Final = ("measure", "weight", "starts", "ends", "metric", "where", "over", "pace", "state", "state_reason")
_REASONS: Final = (
    "not_started", "source_failed", "quarantined", "no_observation", "stale", "undefined_baseline", "below_coverage",
    "no_period_ended",
)  # fmt: skip
_OUTSIDE: Final = ("not_started", "paused", "cancelled")
_HOURS: Final = {"hours": 1.0, "days": 24.0, "weeks": 168.0, "months": 730.5}
_GRAIN_HOURS: Final = {"hour": 1, "day": 24, "week": 168, "month": 744, "quarter": 2208}
_FRESH_DAYS: Final = {"daily": 2, "weekly": 14, "biweekly": 28, "monthly": 62}
_ROUNDING: Final = 1e-12
_DAY: Final = timedelta(days=1)

_Row = dict[str, Any]
_Track = dict[int, tuple[float, float]]
"""By number of the period: value and weight."""


class _Proof:
    """A proof file's content, looked up: definitions, rows of each metric, and when days and periods begin."""

    def __init__(self, document: _Row) -> None:
        self.calendar, self.metrics = document["calendar"], document["definition"]["metrics"]
        self.as_of, self.rule = _instant(document["as_of"]), document["status_rule"]
        self.days = {date.fromisoformat(day): _instant(start) for day, start in self.calendar["days"].items()}
        self.midnights = sorted(set(self.days.values()))
        self.today = max(day for day, start in self.days.items() if start < self.as_of)
        self.bounds = {
            metric: {grain: [_instant(it) for it in starts] for grain, starts in grains.items()}
            for metric, grains in self.calendar["periods"].items()
        }
        self.members: dict[str, _Row] = {}
        self.rows, self.refused = (self._read(document[part]) for part in ("observations", "quarantine"))
        self.fixed = {
            (row["key_result"], version): row["value"] for row in _table(document["baselines"]) for version in row["of"]
        }
        self.failed = set(document["failed_metrics"])
        self.worked = {self.days[_day(it)] for it in self.calendar["business_days"]}
        self.seasons = document["seasons"]
        self.check_ins = sorted(
            _table(document["check_ins"]), key=lambda it: (it["on_date"], it["recorded_at"], it["author"])
        )
        self.contributors: dict[tuple[str, str], list[tuple[_Row, str]]] = {}
        self.cycle_ends = {name: cycle["ends"] for name, cycle in document["definition"]["cycles"].items()}

    def _read(self, part: _Row) -> dict[str, list[tuple[str, int, float | None, float]]]:
        """The rows of periods that had begun; what is left out of `empty: zero` counts up to the newest of them."""
        found: dict[str, list[tuple[str, int, float | None, float]]] = {}
        names: dict[str, str] = {}
        for row in sorted(_table(part), key=lambda it: (it.get("revision") or 0, it["value"] or 0.0)):
            periods, start = self.periods(row["metric"]), _instant(row["period_start"])
            number = bisect_left(periods, start)
            if start < self.as_of and number < len(periods) and periods[number] == start:
                written, weight = row["dimensions"], max(row.get("weight") or 0.0, 0.0)
                name = names.get(written) or names.setdefault(written, self._named(written))
                found.setdefault(row["metric"], []).append((name, number, row["value"], weight))
        return found

    def _named(self, written: str) -> str:
        """The name of the member that dimensions are of, however they are written."""
        members = json.loads(written)
        name = json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        self.members[name] = members
        return name

    def periods(self, metric: str) -> list[datetime]:
        return self.bounds.get(metric, {}).get(self.metrics[metric]["grain"], [])

    def local_days(self, start: datetime, at: datetime) -> float:
        """Days since a midnight: whole at midnights, whatever clocks do in between."""
        number = min(max(bisect_right(self.midnights, at) - 1, 0), len(self.midnights) - 2)
        begins, ends = self.midnights[number], self.midnights[number + 1]
        return number - self.midnights.index(start) + (at - begins) / (ends - begins)

    def trailing(self, metric: str, length: _Row, ends: datetime) -> datetime:
        count, unit = length["count"], length["unit"]
        wanted = [metric, f"{count} {unit if count != 1 else unit[:-1]}", ends]
        facts = self.calendar["trailing"]
        return next(
            _instant(it["starts"]) for it in facts if [it["metric"], it["length"], _instant(it["ends"])] == wanted
        )

    def leaves(self, metric: str, *, whole: bool = True) -> list[str]:
        """What a metric is made of: the metrics with a source, or, not `whole`, the nearest with a rollup."""
        if self.metrics[metric]["formula"] is None:
            return [metric]
        found: list[str] = []
        for name in _references(self.metrics[metric]["formula"]):
            part = self.metrics[name]
            ends = part["formula"] is None or not (whole or part["rollup"] is None)
            found += [name] if ends else self.leaves(name, whole=whole)
        return list(dict.fromkeys(found))

    def series(self, metric: str, where: _Row) -> dict[str, _Track]:
        """The observed rows of each member of a metric with a source that matches, by its dimensions."""
        weighted = self.metrics[metric]["rollup"] == "weighted_mean"
        found: dict[str, _Track] = {}
        matching = {name for name, members in self.members.items() if _matches(where, members)}
        for name, number, value, weight in self.rows.get(metric, []):
            if name in matching and _known(value) and (weight > 0 or not weighted):
                found.setdefault(name, {})[number] = (float(value or 0.0), weight)
        return dict(sorted(found.items()))

    def zeros(self, metric: str, since: datetime) -> _Track:
        """The zeros that stand for periods left out, where the metric says `empty: zero`."""
        facts, rows = self.metrics[metric], self.series(metric, {}).values()
        if facts["empty"] != "zero" or facts["rollup"] == "weighted_mean" or not rows:
            return {}
        last = max(number for row in rows for number in row)
        return dict.fromkeys(range(bisect_left(self.periods(metric), since), last + 1), (0.0, 0.0))

    def blocked(self, metric: str, where: _Row) -> set[int]:
        """The periods in which a value that matches was refused."""
        refused = (row for leaf in self.leaves(metric) for row in self.refused.get(leaf, []))
        return {number for name, number, *_ in refused if _matches(where, self.members[name])}

    def track(self, metric: str, where: _Row, since: datetime) -> _Track:
        """One value a period: members combined, refused periods left out; of parts, their formula in each period."""
        facts = self.metrics[metric]
        if facts["formula"] is not None and facts["rollup"] is None:
            return self._of_formula(metric, self.parts(metric, where, since))
        source = facts["formula"] is None
        members = list(self.series(metric, where).values()) if source else self._derived(metric, where, since)
        zeros = self.zeros(metric, since) if source else {}
        zeros = {number: row for number, row in zeros.items() if not any(number in it for it in members)}
        blocked = self.blocked(metric, where)
        combined = {**zeros, **_across(facts["across"], members)}
        return {number: row for number, row in combined.items() if number not in blocked}

    def parts(self, metric: str, where: _Row, since: datetime) -> dict[str, _Track]:
        """The tracks of the parts of a metric without a rollup, in the periods that all of them have."""
        return _common({name: self.track(name, where, since) for name in self.leaves(metric, whole=False)})

    def _derived(self, metric: str, where: _Row, since: datetime) -> list[_Track]:
        """A formula of each period, for each member that its parts have."""
        found = {leaf: self.series(leaf, {}) for leaf in self.leaves(metric)}
        members = sorted(member for member in set().union(*found.values()) if _matches(where, self.members[member]))
        rows = ({leaf: self.zeros(leaf, since) | of.get(it, {}) for leaf, of in found.items()} for it in members)
        return [self._of_formula(metric, _common(row)) for row in rows]

    def _of_formula(self, metric: str, parts: dict[str, _Track]) -> _Track:
        made = {
            number: self.computed(
                self.metrics[metric]["formula"], {name: row[number][0] for name, row in parts.items()}
            )
            for number in next(iter(parts.values()), {})
        }
        return {number: (value, 0.0) for number, value in made.items() if math.isfinite(value)}

    def computed(self, formula: _Row, values: Mapping[str, float]) -> float:
        """A formula's value; not a number where it divides by zero."""
        if formula["kind"] == "number":
            return float(formula["value"])
        if formula["kind"] == "reference":
            name = formula["metric"]
            return values[name] if name in values else self.computed(self.metrics[name]["formula"], values)
        left, right = (self.computed(formula[side], values) for side in ("left", "right"))
        if formula["operator"] == "/":
            return left / right if right else math.nan
        return {"+": left + right, "-": left - right, "*": left * right}[formula["operator"]]


class _Standing:
    """Where one key result stands: every number of it, worked out by the rules of docs/reference/scoring.md."""

    def __init__(self, proof: _Proof, of: _Row, intent: str, version: str = "now") -> None:
        self.proof, self.of, self.intent, self.measure = proof, of, intent, of["measure"]
        self.version, self.id = version, _full_id(of)
        self.kind, self.metric, self.where = of["measure"]["kind"], of["metric"], of["where"]
        self.start, self.end = (proof.days[_day(of["starts"])], proof.days[_day(of["ends"]) + _DAY])
        self.span_days = max(proof.midnights.index(self.end) - proof.midnights.index(self.start), 1)
        self.started, self.over = proof.as_of > self.start, proof.as_of >= self.end
        self.window = of["over"]["kind"] if self.kind in ("reach", "change") else "cycle"
        self.finding: float | None = None
        self.period_end: datetime | None = None
        self.observed: float | None = None
        self.expected: float | None = None
        self.best, self.any_ended, self.provisional = math.inf, True, False
        self.closes, self.fresh, self.waits = _patience(proof, self.metric)
        self.children = [
            _Standing(proof, *it, version=version) for it in proof.contributors.get((version, self.id), [])
        ]
        self.base: float | None = 0.0 if self.kind in ("milestones", "accumulate") else None
        if self.kind == "milestones":
            found = self._milestones()
        elif self.kind == "manual":
            self.base, found = self.measure["from_"], self._manual()
        elif self.metric is None:
            found = self._summed()
        else:
            self._open()
            self.base = self._base()
            found = self._cadence() if self.kind == "cadence" else self._value()
        self.found, self.target = found, self._target()
        self._finish(*found)

    def _open(self) -> None:
        """The rows and the stretch before the start."""
        facts, self.bounds = self.proof.metrics[self.metric], self.proof.periods(self.metric)
        self.scale = 0.01 if self.measure.get("of") == "events" and facts["unit"] == "percent" else 1.0
        self.reach = self.fresh + timedelta(hours=self.proof.calendar["longest_hours"][self.metric])
        self.base_start, self.base_end = self._before()
        self.since = min(self.start, self.base_start) - self.reach
        self.reducer = self._reducer(facts["rollup"] or "parts")
        self.track = self.proof.track(self.metric, self.where, self.since)
        self.parts = self.proof.parts(self.metric, self.where, self.since) if self.reducer == "parts" else {}
        self.rows = sorted(next(iter(self.parts.values())) if self.parts else self.track)
        self.blocked = self.proof.blocked(self.metric, self.where)
        self.until = min(self.proof.as_of - self.closes if self.waits else self.proof.as_of, self.end)

    def _reducer(self, own: str) -> str:
        if self.kind in ("accumulate", "limit"):
            return "sum"
        if self.kind == "maintain" and self.measure["of"] == "events":
            return "parts" if own == "parts" else "weighted_mean"
        return "last" if self.window == "latest" else own

    def _before(self) -> tuple[datetime, datetime]:
        """The stretch before the start that is measured from; empty where there is none."""
        first, last, relative = _day(self.of["starts"]), _day(self.of["ends"]), self.measure.get("to")
        if isinstance(relative, dict):
            key, facts = [self.metric, relative["of"], str(first), str(last)], self.proof.calendar["earlier"]
            it = next(it for it in facts if [it["metric"], it["of"], it["first"], it["last"]] == key)
            ends = self.proof.days[_day(it["last_before"]) + _DAY]
            return self.proof.days[_day(it["first_before"])], min(ends, self.start)
        if self.measure.get("from_") != "at_start" or self.window == "cycle":
            return self.start, self.start
        if self.window == "latest":
            return self.start - self.reach, self.start
        anchor = self.bounds[_ended(self.bounds, self.start)]
        return self.proof.trailing(self.metric, self.of["over"]["length"], anchor), anchor

    def _roll(self, numbers: list[int]) -> float | None:
        """The value of some periods."""
        if not numbers:
            return None
        if self.kind == "maintain" and self.measure["of"] == "periods":
            return sum(_inside(self.track[it][0], self.measure) for it in numbers) / len(numbers)
        if self.reducer != "parts":
            return _rolled([self.track[it] for it in numbers], self.reducer)
        rollups = {name: self.proof.metrics[name]["rollup"] for name in self.parts}
        values = {name: _rolled([row[it] for it in numbers], rollups[name]) for name, row in self.parts.items()}
        finite = {name: math.nan if value is None else value for name, value in values.items()}
        return _finite(self.proof.computed(self.proof.metrics[self.metric]["formula"], finite))

    def _base(self) -> float | None:
        """What it is measured from: written, fixed by an earlier run, or the value before the start."""
        written = 0.0 if self.kind == "accumulate" and not isinstance(self.measure["to"], dict) else None
        written = self.measure.get("from_", written)
        if self.base_start == self.base_end or self.proof.as_of < self.start + (
            self.closes if self.waits else _DAY * 0
        ):
            return written if isinstance(written, int | float) else None
        fixed = self.proof.fixed.get((self.id, self.version))
        if _known(fixed):
            return fixed
        low, high = bisect_left(self.bounds, self.base_start), _ended(self.bounds, self.base_end)
        rows = [it for it in self.rows if low <= it < high]
        if self.window == "latest":
            fresh = rows and self.base_end - self.bounds[rows[-1] + 1] <= self.fresh
            newer = any(rows and rows[-1] < it < high for it in self.blocked)
            return self._roll(rows[-1:]) if fresh and not newer else None
        enough = rows and len(rows) / max(high - low, 1) >= self.of["min_coverage"]
        return self._roll(rows) if enough else None

    def _value(self) -> tuple[float | None, str | None]:
        """The value over the window, or the first reason why there is none."""
        high = _ended(self.bounds, self.until)
        starts = self.start
        if self.window == "trailing":
            ended = self.proof.trailing(self.metric, self.of["over"]["length"], self.bounds[high])
            starts = max(starts, ended)
        low = bisect_left(self.bounds, starts)
        high = max(high, low)
        rows = [it for it in self.rows if low <= it < high]
        newest = rows[-1] if rows else None
        rows = rows[-1:] if self.window == "latest" else rows
        whole = high - low if newest is None else 1 if self.window == "latest" else newest - low + 1
        value = self._roll(rows)
        if self.kind == "maintain" and self.measure["of"] == "periods" and rows:
            span = _ended(self.bounds, self.end) - bisect_left(self.bounds, self.start)
            self.best = _best(sum(_inside(self.track[it][0], self.measure) for it in rows), len(rows), span)
        if self.kind == "baseline":
            self.finding, value = value, float(len(rows)) if rows else value
        value = None if value is None else value * self.scale
        if newest is not None:
            self.period_end = self.bounds[newest + 1]
        self.observed, self.expected, self.any_ended = float(len(rows)), float(whole), high > low
        blocked = max((it for it in self.blocked if low <= it < high), default=-1)
        seen = (-1 if newest is None else newest) if self.window == "latest" else (high if rows else -1)
        thin = self.kind != "baseline" and len(rows) / max(whole, 1) < self.of["min_coverage"]
        return value, self._reason(value, bool(rows), blocked > seen, high > low, thin)

    def _reason(self, value: float | None, seen: bool, blocked: bool, ended: bool, thin: bool) -> str | None:
        behind = {self.metric, *self.proof.leaves(self.metric)}
        age = self._age()
        found = {
            "source_failed": bool(behind & self.proof.failed) and self.proof.as_of < self.end + self.closes,
            "quarantined": blocked,
            "no_observation": ended and (not seen or (bool(self.observed) and value is None)),
            "stale": age is not None and age > self.fresh,
            "below_coverage": ended and thin,
            "no_period_ended": not ended,
        }
        return next((reason for reason in _REASONS if found.get(reason)), None)

    def _age(self) -> timedelta | None:
        """How old the newest observed period is; at the end, data stops ageing."""
        since, now = _ended(self.bounds, self.since), _ended(self.bounds, self.proof.as_of)
        newest = max((it for it in self.rows if since <= it < now), default=None)
        if newest is None:
            return None
        return max(min(self.proof.as_of, self.end) - self.bounds[newest + 1], timedelta(0))

    def _cadence(self) -> tuple[float | None, str | None]:
        """The share of the ended periods of its own length that had enough in them."""
        self._value()
        seen = bool(self.observed)
        per, least = self.proof.bounds[self.metric][self.measure["per"]], self.measure["at_least"]
        first, now = bisect_left(per, self.start), _ended(per, self.until)
        known = [it for it in self.rows if it < _ended(self.bounds, self.until)]
        newest = self.bounds[known[-1] + 1] if known else None
        met = counted = expected = 0
        last = None
        for number in range(first, now):
            low, high = bisect_left(self.bounds, per[number]), _ended(self.bounds, per[number + 1])
            values = [self.track[it][0] for it in range(low, high) if it in self.track]
            is_met = bool(values) and _sum(values) >= least
            counts = is_met or (bool(values) and len(values) == high - low)
            met, counted = met + is_met, counted + counts
            expected += counts or (newest is not None and per[number + 1] <= newest)
            last = number if counts else last
        whole = max(_ended(per, self.end) - first, 0)
        self.best = _best(met, counted, whole)
        self.observed, self.expected = float(counted), float(expected)
        ended = (expected if seen else max(now - first, 0)) > 0
        self.any_ended, self.period_end = ended, None if last is None else per[last + 1]
        value = met / counted if counted else None
        low, high = bisect_left(self.bounds, self.start), _ended(self.bounds, self.until)
        blocked = max((it for it in self.blocked if low <= it < high), default=-1) > (high if seen else -1)
        thin = counted / max(expected, 1) < self.of["min_coverage"]
        return value, self._reason(value, seen, blocked, ended, thin)

    def _told(self, what: str) -> _Row | None:
        """The newest check-in that tells something, from the start to the end of the key result."""
        until = min(self.proof.as_of, self.end)
        days = self.proof.days
        told = (it for it in self.proof.check_ins if it["subject"] == self.id and it[what] is not None)
        counted = [it for it in told if self.start <= days.get(_day(it["on_date"]), self.end) < until]
        return counted[-1] if counted else None

    def _manual(self) -> tuple[float | None, str | None]:
        """The value that people told last, unless two turns went by without another."""
        told = self._told("value")
        if told is None:
            return None, "no_observation"
        until = min(self.proof.as_of, self.end)
        self.period_end = min(self.proof.days[_day(told["on_date"]) + _DAY], until)
        first = self.proof.midnights[0]
        age = self.proof.local_days(first, until) - self.proof.local_days(first, self.period_end)
        return told["value"], "stale" if age > _FRESH_DAYS[self.of["check_in"]] else None

    def _summed(self) -> tuple[float | None, str | None]:
        """The sum of what contributes: nothing yet of what has not begun, unknown where one that has begun is."""
        begun = [it for it in self.children if self.proof.as_of > it.start and it.found[1] != "no_period_ended"]
        known = [it for it in begun if it.found[1] is None]
        value = _sum(it.found[0] or 0.0 for it in known)
        self.observed, self.expected = (
            _sum(row) for row in ((it.observed or 0.0 for it in known), (it.expected or 0.0 for it in known))
        )
        reasons = [str(it.found[1]) for it in begun if it.found[1] is not None]
        self.any_ended = bool(begun)
        open_ = [it for it in self.children if it.start < self.proof.as_of < it.end]
        self.period_end = min([self.proof.as_of, self.end, *(it.period_end or it.start for it in open_)])
        return value, min(reasons, key=_REASONS.index) if reasons else None if begun else "no_period_ended"

    def _parts(self) -> list["_Standing"]:
        """Those whose sum it is."""
        return [] if self.kind == "milestones" else self.children

    def steps(self) -> Iterator[tuple["_Standing", _Row]]:
        """Its milestones and those of all that contribute to it, each with whose it is."""
        if self.kind == "milestones":
            yield from ((self, item) for item in self.measure["items"])
            for child in self.children:
                yield from child.steps()

    def _milestones(self) -> tuple[float | None, str | None]:
        """The share of the weight that is done; unknown where a condition is."""
        done, reasons, items = 0.0, [], list(self.steps())
        for owner, item in items:
            until = min(self.proof.as_of, owner.end)
            is_done = item["done_on"] is not None and self.proof.days[_day(item["done_on"])] < until
            if item["when"] is not None and not is_done:
                is_done, reason = owner.condition(item["when"])
                reasons += [reason] if reason else []
            done += item["weight"] * is_done
        self.period_end = min(self.proof.as_of, self.end)
        reason = min(reasons, key=_REASONS.index) if reasons else None
        return done / _sum(item["weight"] for _, item in items), reason

    def condition(self, when: _Row) -> tuple[bool, str | None]:
        """Whether a metric has got there, or why that is not known."""
        proof, metric = self.proof, when["metric"]
        closes, fresh, waits = _patience(proof, metric)
        bounds = proof.periods(metric)
        since = self.start - fresh - timedelta(hours=proof.calendar["longest_hours"][metric])
        track = proof.track(metric, when["where"], since)
        until = min(proof.as_of, self.end)
        low, high = _ended(bounds, since), _ended(bounds, min(until, proof.as_of - closes) if waits else until)
        newest = max((it for it in track if low <= it < high), default=None)
        blocked = max((it for it in proof.blocked(metric, when["where"]) if low <= it < high), default=-1)
        failed = {metric, *proof.leaves(metric)} & proof.failed and proof.as_of < self.end + closes
        if failed or blocked > (-1 if newest is None else newest) or newest is None:
            return False, "source_failed" if failed else "no_observation" if blocked < 0 else "quarantined"
        if until - bounds[newest + 1] > fresh:
            return False, "stale"
        return track[newest][0] >= when["at_least"], None

    def _target(self) -> float | None:
        """The value that progress 1 stands for."""
        measure, base = self.measure, self.base
        relative = measure["to"]["share"] if isinstance(measure.get("to"), dict) else None
        by = measure.get("by")
        relative = by["value"] if by and by["kind"] == "share" else relative
        if relative is not None:
            made = base * (1 + relative) if base is not None and base > 0 else None
        elif by:
            made = None if base is None else base + by["value"]
        else:
            made = {"milestones": 1.0, "baseline": measure.get("needs")}.get(
                self.kind, measure.get("to", measure.get("share"))
            )
        return None if made is None or (self.kind == "accumulate" and made <= 0) else float(made)

    def _finish(self, value: float | None, reason: str | None) -> None:
        """Progress, plan, status."""
        later = reason is None or _REASONS.index(reason) > _REASONS.index("undefined_baseline")
        if later and (self.target is None or (self.kind in ("reach", "change", "manual") and self.base is None)):
            reason = "undefined_baseline"
        reason = reason if self.started else "not_started"
        shown = reason in (None, "undefined_baseline")
        self.value = value if shown else None
        self.progress = self._progress() if reason is None else None
        reason = "undefined_baseline" if reason is None and self.progress is None else reason
        self.ends = self.period_end if shown else None
        waiting = self.ends is not None and self.metric is not None and self.ends + self.closes > self.proof.as_of
        self.provisional = waiting or (self.metric is None and any(it.provisional for it in self._parts()))
        self.plan = None if self.ends is None else self._planned(self.ends)
        self.plan_now = self._planned(self.proof.as_of)
        self.in_grace = self._elapsed(self.proof.as_of) <= self.of["grace"]
        lost = self.progress is not None and (
            self.progress < 1 if self.kind == "limit" else self.best < self.measure.get("share", 1.0) - _ROUNDING
        )
        hopeless = lost and self.intent == "committed"
        self.status = self._judged(hopeless=hopeless)
        self.reason = "out_of_reach" if hopeless and self.status == "behind" else reason

    def _judged(self, *, hopeless: bool) -> str:
        counts = self.started and self.of["state"] == "active"
        if counts and self.over and self.intent == "learning" and self._told("finding") is not None:
            return "achieved"
        if not self.started or self.of["state"] != "active" or self.progress is None:
            return (
                "not_started" if not self.started else self.of["state"] if self.of["state"] != "active" else "unknown"
            )
        judged = _Judged(
            intent=self.intent,
            progress=self.progress,
            plan=math.nan if self.plan is None else self.plan,
            in_grace=self.in_grace,
            lasting=self.kind in ("accumulate", "milestones", "baseline"),
            hopeless=hopeless,
            threshold=self.kind in ("limit", "maintain", "cadence"),
        )
        return _status(self.proof.rule, judged, over=self.over)

    def _progress(self) -> float | None:
        value, base, target = self.value, self.base, self.target
        if value is None or target is None:
            return None
        if self.kind in ("reach", "change", "manual"):
            made = self._between(value, float(base or 0.0), target)
        elif self.kind == "limit":
            made = 1.0 if value <= target else 1 - (value - target) / target if target > 0 else 0.0
        else:
            made = value / target if target else math.nan
            made = min(made, 1.0) if self.kind == "baseline" else made
        return _finite(1.0 if abs(made - 1) <= _ROUNDING else made)

    def _between(self, value: float, base: float, target: float) -> float:
        """The share of the way; where it began at or beyond the target, 1 while that holds."""
        sign = self._sign()
        if target != base and sign * (target - base) >= 0:
            return (value - base) / (target - base)
        direction = sign or _sign(target - base)
        return float(direction * (value - target) >= 0 if direction else value == target)

    def _sign(self) -> int:
        """The good direction."""
        if self.kind == "change":
            return _sign(self.measure["by"]["value"])
        if self.kind == "manual" or (self.kind == "reach" and self.measure["from_"] != "at_start"):
            return _sign(self.measure["to"] - self.measure["from_"])
        return {"higher": 1, "lower": -1}.get(self.proof.metrics[self.metric]["better"], 0)

    def _elapsed(self, at: datetime) -> float:
        return min(max(self.proof.local_days(self.start, at) / self.span_days, 0.0), 1.0)

    def _planned(self, at: datetime) -> float:
        """The progress that the plan asks for at an instant."""
        if self.kind in ("limit", "maintain", "cadence"):
            return float(self.any_ended)
        if self.kind == "milestones":
            steps = [(min(_day(it["due"] or of.of["ends"]), _day(of.of["ends"])), it) for of, it in self.steps()]
            due = [it["weight"] for day, it in steps if self.proof.days[day + _DAY] <= at]
            return _sum(due) / _sum(it["weight"] for _, it in steps)
        shaped = self._shaped(at) if self.kind in ("reach", "change", "accumulate") else None
        return self._elapsed(at) if shaped is None else shaped

    def _shaped(self, at: datetime) -> float | None:
        """The plan of a shape that is not linear; none where it cannot be made."""
        elapsed = self._elapsed(at)
        match self.of["pace"]["kind"]:
            case "front_loaded":
                return 1 - (1 - elapsed) ** 2
            case "back_loaded":
                return elapsed**2
            case "business_days":
                return self._business_days(at)
            case "seasonal":
                return self._seasonal(at)
            case "checkpoints":
                return self._checkpoints(at)
            case _:
                return None

    def _business_days(self, at: datetime) -> float | None:
        """The share of its business days that is over, with the part of one that has begun."""
        worked = [it for it in self.proof.midnights if it in self.proof.worked and self.start <= it < self.end]
        over = _sum(min(max(self.proof.local_days(it, at), 0.0), 1.0) for it in worked)
        return min(max(over / len(worked), 0.0), 1.0) if worked else None

    def _seasonal(self, at: datetime) -> float | None:
        """What the curve of earlier years, taken from the file, makes of the day."""
        season, way = self.proof.seasons[self.version].get(self.id), self._way()
        if not season or not season["years"] or not (season["flow"] or way):
            return None
        day = min(max(self.proof.local_days(self.start, at), 0.0), float(self.span_days))
        left = min(math.floor(day), self.span_days - 1)
        before, after = season["knots"][left : left + 2]
        knot = before + (after - before) * (day - left)
        return float(knot) if season["flow"] else self._elapsed(at) + knot / (way or math.nan)

    def _way(self) -> float | None:
        """From where it starts to its target; none where that is unknown or leads back."""
        base = 0.0 if self.kind == "accumulate" else self.base
        if base is None or self.target is None:
            return None
        sign, way = self._sign(), self.target - base
        return way if (sign * way > 0 if sign else way != 0) else None

    def _checkpoints(self, at: datetime) -> float | None:
        """The share of the way between planned values; none where there is no way."""
        way, first, after = self._way(), _day(self.of["starts"]), _day(self.of["ends"]) + _DAY
        if way is None:
            return None
        base = 0.0 if self.kind == "accumulate" else float(self.base or 0.0)
        told: dict[date, float] = {
            _day(it["on"]) + _DAY: (it["value"] - base) / way for it in self.of["pace"]["checkpoints"]
        }
        knots = [(first, 0.0), *(it for it in sorted(told.items()) if first < it[0] < after), (after, 1.0)]
        days = [(self.proof.local_days(self.start, self.proof.days[day]), share) for day, share in knots]
        now = self.proof.local_days(self.start, at)
        for (left, planned), (right, following) in pairwise(days):
            if now < right or right == days[-1][0]:
                part = min(max((now - left) / (right - left), 0.0), 1.0)
                return planned + (following - planned) * part
        return None

    def known_score(self) -> tuple[float | None, float]:
        """Its score, where known, and its plan, both between 0 and 1."""
        score = None if self.progress is None else min(max(self.progress, 0.0), 1.0)
        return score, min(max(self.plan or 0.0, 0.0), 1.0)

    def extent(self) -> tuple[float, float]:
        """Its score with what is unknown counted as 0 and as 1."""
        score = self.known_score()[0]
        return (0.0, 1.0) if score is None else (score, score)

    def row(self) -> _Row:
        """The checked columns, as the file states them."""
        progress, plan = self.progress, self.plan
        base = {"baseline": self.finding if self.ends else None, "accumulate": 0.0}.get(self.kind, self.base)
        score = None if progress is None else min(max(progress, 0.0), 1.0)
        ratio = progress / plan if progress is not None and plan is not None and plan > 0 else None
        confident = self._told("confidence")
        return {
            "confidence": None if confident is None else confident["confidence"],
            "value": self.value, "baseline": base, "target": self.target, "progress": progress, "score": score,
            "expected_progress": plan, "expected_progress_now": self.plan_now, "pace_ratio": ratio,
            "gap": None if progress is None or plan is None else progress - plan, "status": self.status,
            "reason": self.reason, "observed_periods": self.observed, "expected_periods": self.expected,
            "provisional": self.provisional, "value_period_end": self.ends,
        }  # fmt: skip


class _Objective:
    """An objective: the weighted mean of the scores that are known, with coverage and bounds."""

    def __init__(self, proof: _Proof, of: _Row, standings: Mapping[str, _Standing], below: list["_Objective"]) -> None:
        self.of, self.weight = of, of["contributes_weight"]
        self.status, self.reason, self.in_grace = "unknown", None, False
        members = [standings[_full_id(it)] for it in of["key_results"]]
        counted: list[tuple[float, _Standing | _Objective]] = [(it.of["weight"], it) for it in members]
        counted += [(it.weight, it) for it in below if it.of["parent"] == _full_id(of) and it.weight is not None]
        inside = [(weight, it) for weight, it in counted if it.status not in _OUTSIDE]
        known = [(weight, *it.known_score()) for weight, it in inside if it.known_score()[0] is not None]
        total, sure = (_sum(row[0] for row in rows) for rows in (inside, known))
        self.coverage = sure / total if total else 0.0
        enough = sure > 0 and self.coverage >= of["coverage_floor"]
        self.score = _mean(known, 1, sure) if enough else None
        self.plan = _mean(known, 2, sure) if enough else None
        bounds = [(weight, *it.extent()) for weight, it in inside]
        self.low, self.high = (_mean(bounds, part, total) if total else None for part in (1, 2))
        self.in_grace = all(it.in_grace for _, it in inside if it.known_score()[0] is not None)
        ends = [_day(it["ends"]) for it in of["key_results"]] + [_day(proof.cycle_ends[of["cycle"]])]
        over, achieved = proof.as_of >= proof.days[max(ends) + _DAY], all(it.status == "achieved" for _, it in inside)
        if not inside and counted:
            self.status = min((it.status for _, it in counted), key=_OUTSIDE.index)
            return
        if over and achieved and inside and of["intent"] == "learning":
            self.status = "achieved"
        elif self.score is not None:
            judged = _Judged(of["intent"], self.score, self.plan or 0.0, self.in_grace, lasting=achieved)
            self.status = _status(proof.rule, judged, over=over)
        if not enough:
            doubt: dict[str, float] = {}
            for weight, it in inside:
                if it.known_score()[0] is None and it.reason:
                    doubt[it.reason] = doubt.get(it.reason, 0.0) + weight
            order = sorted(doubt, key=_REASONS.index)
            self.reason = max(order, key=lambda it: doubt[it]) if any(doubt.values()) else "below_coverage"

    def known_score(self) -> tuple[float | None, float]:
        """Its score, where known, and its plan, both between 0 and 1."""
        return self.score, self.plan or 0.0

    def extent(self) -> tuple[float, float]:
        """Its score with what is unknown counted as 0 and as 1."""
        return (0.0 if self.low is None else self.low), (1.0 if self.high is None else self.high)

    def row(self) -> _Row:
        """The checked columns, as the file states them."""
        return {
            "score": self.score, "expected_progress": self.plan, "coverage": self.coverage, "score_low": self.low,
            "score_high": self.high, "status": self.status, "reason": self.reason,
        }  # fmt: skip


@dataclass(frozen=True)
class _Judged:
    """What a status rule looks at. `threshold`: a measure that is met or not, such as a budget."""

    intent: str
    progress: float
    plan: float
    in_grace: bool
    lasting: bool = False
    hopeless: bool = False
    threshold: bool = False

    @property
    def share(self) -> float:
        """Progress / plan; at or above the plan all of it."""
        if self.progress >= self.plan:
            return math.inf
        return self.progress / self.plan if self.plan > 0 else -math.inf

    @property
    def points(self) -> float:
        """How far below the plan, in points of a percentage."""
        return round(100 * (self.plan - self.progress), 10)


def _status(rule: str, of: _Judged, *, over: bool) -> str:
    """The status of what has started and is known, by a rule of the pack."""
    if rule not in STATUS_RULES:
        raise ValueError(f"status rule '{rule}' is not known here")
    if over:
        return _grade(rule, of)
    found = _open_status(rule, of)
    early = found == "achieved" and of.progress < 1
    return "on_track" if early or (found in ("behind", "at_risk") and of.progress >= of.plan) else found


def _open_status(rule: str, of: _Judged) -> str:
    """Before the end."""
    whole, stretch = of.progress >= 1, of.intent == "aspirational"
    if rule == "pace" and ((of.lasting and whole) or of.hopeless or (of.in_grace and of.progress >= 0)):
        return "achieved" if of.lasting and whole else "behind" if of.hopeless else "on_track"
    if rule == "mooncamp" and whole:
        return "on_track" if of.threshold else "achieved"
    if rule == "viva":
        first, second = (whole, False) if of.threshold else (of.points <= 0, of.points <= 25)
    elif rule == "engagedly" and (of.threshold or whole):
        return ("on_track" if whole else "at_risk") if of.threshold else "achieved"
    elif rule in ("engagedly", "leankit"):
        first, second = of.points < (16.5 if rule == "engagedly" else 10), rule == "engagedly" and of.points <= 33
    elif rule == "google":
        first, second = of.share >= 0.7 - _ROUNDING, of.share > 0.3 + _ROUNDING
    else:
        bounds = {"upraise": (0.95, 0.75), "mooncamp": (0.9, 0.7), "zokri": (0.75, 0.5)}
        least = bounds.get(rule, (0.7, 0.5) if stretch else (0.9, 0.7))
        first, second = (of.share >= it - _ROUNDING for it in least)
    return "on_track" if first else "at_risk" if second else "behind"


def _grade(rule: str, of: _Judged) -> str:
    """After the end."""
    stretch, never = of.intent == "aspirational", math.inf
    whole, part = (0.7 - _ROUNDING, 0.3 - _ROUNDING) if stretch else (1.0, never)
    if rule == "engagedly" and of.threshold:
        whole, part = 1.0, never
    elif rule == "google":
        whole, part = 0.7 - _ROUNDING, math.nextafter(0.3 + _ROUNDING, 1)
    elif rule in ("leankit", "mooncamp"):
        whole, part = (0.9 - _ROUNDING, never) if rule == "leankit" else (1.0, 0.5 - _ROUNDING)
    return "achieved" if of.progress >= whole else "partial" if of.progress >= part else "missed"


_Difference = tuple[str, object, object]


def recheck(document: _Row) -> list[_Difference]:
    """What is not as the file states it: (where, stated, found)."""
    proof = _Proof(document)
    objectives = {name: _amended(proof, it) for name, it in document["definition"]["objectives"].items()}
    for version, of_version in (("now", objectives.values()), ("first", _objectives(document))):
        for of, intent in ((of, it["intent"]) for it in of_version for of in it["key_results"]):
            if of["contributes_to"] is not None:
                proof.contributors.setdefault((version, of["contributes_to"]), []).append((of, intent))
    standings = {
        _full_id(of): _Standing(proof, of, it["intent"]) for it in objectives.values() for of in it["key_results"]
    }
    found: list[_Difference] = (
        [] if _hash(document) == document.get("hash") else [("hash", document.get("hash"), _hash(document))]
    )
    promised = {_full_id(of): (of, it["intent"]) for it in _objectives(document) for of in it["key_results"]}
    for stated in document["stated"]["key_results"]:
        first = _Standing(proof, *promised[stated["id"]], version="first")
        originals = {"original_target": first.target, "original_progress": first.progress}
        found += _compared(stated, standings[stated["id"]].row() | originals, CHECKED)
    made = _rolled_up(proof, objectives, standings) if document["stated"]["objectives"] else {}
    for stated in document["stated"]["objectives"]:
        found += _compared(stated, made[stated["id"]].row(), CHECKED_OF_OBJECTIVES)
    return found


def _objectives(document: _Row) -> list[_Row]:
    return list(document["definition"]["objectives"].values())


def _rolled_up(proof: _Proof, objectives: _Row, standings: Mapping[str, _Standing]) -> dict[str, _Objective]:
    """Every objective, contributors before those that they contribute to."""
    made: dict[str, _Objective] = {}
    while len(made) < len(objectives):
        waiting = {
            it["parent"] for name, it in objectives.items() if name not in made and it["contributes_weight"] is not None
        }
        for name in [it for it in objectives if it not in made and it not in waiting]:
            made[name] = _Objective(proof, objectives[name], standings, list(made.values()))
    return made


def _amended(proof: _Proof, objective: _Row) -> _Row:
    """An objective with every amendment applied that holds on the day."""
    return {**objective, "key_results": [_amended_key_result(proof, it) for it in objective["key_results"]]}


def _amended_key_result(proof: _Proof, of: _Row) -> _Row:
    for amendment in of.get("amendments", []):
        if _day(amendment["on"]) <= proof.today:
            of = {**of, **{name: amendment[name] for name in _AMENDABLE if amendment[name] is not None}}
            if amendment["measure"] and amendment["measure"]["kind"] in ("milestones", "manual"):
                of = {**of, "metric": None, "where": {}}
    return of


def _compared(stated: _Row, found: _Row, columns: tuple[str, ...]) -> Iterator[_Difference]:
    for name in columns:
        one, other = stated[name], found[name]
        if isinstance(other, datetime):
            one = None if one is None else _instant(one)
        is_number = isinstance(one, int | float) and isinstance(other, int | float)
        if not (math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9) if is_number else one == other):
            yield f"{stated['id']}.{name}", stated[name], other


def _patience(proof: _Proof, metric: str | None) -> tuple[timedelta, timedelta, bool]:
    """How long a metric's periods stay open, how old they may be, and whether open ones count."""
    if metric is None:
        return timedelta(0), timedelta(0), False
    behind = [proof.metrics[it] for it in {metric, *proof.leaves(metric)}]
    facts = proof.metrics[metric]
    grains = timedelta(hours=3 * _GRAIN_HOURS[facts["grain"]])
    fresh = grains if facts["freshness"] is None else _hours(facts["freshness"])
    return max(_hours(it["closes_after"]) for it in behind), fresh, any(it["provisional"] == "wait" for it in behind)


def _across(across: str, members: list[_Track]) -> _Track:
    """The members of each period as one."""
    made: dict[int, tuple[float | None, float]] = {}
    for number in sorted(set().union(*members)):
        rows = [it[number] for it in members if number in it]
        weight = _sum(it[1] for it in rows)
        if across == "last":
            made[number] = rows[-1]
        elif len(rows) == 1 or across in ("sum", "weighted_mean"):
            made[number] = (rows[0][0] if len(rows) == 1 else _rolled(rows, across), weight)
    return {number: (value, weight) for number, (value, weight) in made.items() if value is not None}


def _rolled(rows: list[tuple[float, float]], rollup: str) -> float | None:
    """Values with weights as one value."""
    values = [value for value, _ in rows]
    if rollup == "weighted_mean":
        weight = _sum(it for _, it in rows)
        return _finite(_sum(value * it for value, it in rows) / weight) if weight else None
    total = _sum(values)
    every = {"sum": total, "mean": total / len(values), "last": values[-1], "min": min(values), "max": max(values)}
    return _finite(every[rollup])


def _common(tracks: dict[str, _Track]) -> dict[str, _Track]:
    every = set.intersection(*(set(track) for track in tracks.values()))
    return {name: {number: track[number] for number in sorted(every)} for name, track in tracks.items()}


def _inside(value: float, band: _Row) -> bool:
    return (band["min"] is None or value >= band["min"]) and (band["max"] is None or value <= band["max"])


def _best(held: int, observed: int, whole: int) -> float:
    return (held + max(whole - observed, 0)) / max(whole, observed) if max(whole, observed) else math.inf


def _mean(rows: list[Any], part: int, weight: float) -> float:
    return min(_sum(row[0] * row[part] for row in rows) / weight, 1.0)


def _ended(bounds: list[datetime], at: datetime) -> int:
    """The number of the period that an instant falls in: all before have ended."""
    return max(bisect_right(bounds, at) - 1, 0)


def _references(formula: _Row) -> list[str]:
    if formula["kind"] == "operation":
        return _references(formula["left"]) + _references(formula["right"])
    return [formula["metric"]] if formula["kind"] == "reference" else []


def _matches(where: _Row, members: _Row) -> bool:
    return all(name in members and str(members[name]) == value for name, value in where.items())


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _hours(duration: _Row) -> timedelta:
    return timedelta(hours=duration["count"] * _HOURS[duration["unit"]])


def _full_id(of: _Row) -> str:
    return f"{of['cycle']}/{of['id']}"


def _sign(number: float) -> int:
    return (number > 0) - (number < 0)


def _known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _sum(numbers: Iterable[float]) -> float:
    """A sum without rounding on the way; infinite where it is too large to be a number."""
    every = list(numbers)
    try:
        return math.fsum(every)
    except OverflowError:
        return sum(every)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _table(part: _Row) -> list[_Row]:
    return [dict(zip(part["columns"], row, strict=True)) for row in part["rows"]]


def _hash(document: _Row) -> str:
    content = {name: value for name, value in document.items() if name != "hash"}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def main(arguments: list[str]) -> int:
    """Recheck the file that is named, say what came of it, and return the exit code."""
    try:
        document = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
        told = document.get("format"), document.get("schema_version")
    except (IndexError, OSError, ValueError, AttributeError) as error:
        return _say(f"No proof file could be read: {error!r}", 2)
    if told != (FORMAT, SCHEMA_VERSION):
        return _say(f"This is no '{FORMAT}' of schema version {SCHEMA_VERSION}, but {told[0]!r} of {told[1]!r}.", 2)
    try:
        found = recheck(document)
    except (LookupError, TypeError, ValueError, AttributeError, StopIteration) as error:
        return _say(f"The proof file does not hang together: {error!r}", 1)
    for where, stated, other in found:
        _say(f"{where}: stated {stated}, found {other}", 1)
    subject = document["subject"]["id"]
    if found:
        return _say(f"{subject}: {len(found)} numbers differ.", 1)
    return _say(f"{subject}: every number holds.{_left_out(document)}", 0)


def _left_out(document: _Row) -> str:
    """What is stated and was not worked out again."""
    count = sum(row.get("forecast") is not None for row in document["stated"]["key_results"])
    if not count:
        return ""
    of_all = "1 forecast is" if count == 1 else f"{count} forecasts are"
    return f" {of_all} not worked out here; `okr verify` does that."


def _say(text: str, code: int) -> int:
    sys.stdout.write(text + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
