"""Stores as each released schema left them: its own tables, rows of every kind, and values that are hard to carry.

Belongs here: for every schema, frozen column lists and made-up rows, written past this program's own code. Does not:
expectations. A new schema gets a function and a line in `ROWS`; what is here for a released one is never changed.

Rows hold Python values; `load` gives each backend its form of them.
"""

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, TypeAlias

from okr_pipeline.store import versions
from okr_pipeline.store.engine import Database
from okr_pipeline.store.types import EPOCH

Row: TypeAlias = tuple[Any, ...]

SERIES = 50
RUNS = 40
DAY_ZERO = datetime(1969, 12, 1, 5, 30, tzinfo=UTC)
RECORDED = datetime(2026, 1, 5, 6, 0, 0, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)
NUMBERS = (0.1, -1.5, 1e308, 5e-324, 1 / 3, 12345678.875, float("inf"), -2.0)
TEXTS = ("plain", "", "Zürich 東京 🛫", 'it\'s "quoted", a\\tab\t and\na line', "NULL", "\\N", "a,b;c", " padded ")


@dataclass(frozen=True)
class Table:
    """Rows of one table by the columns that it had."""

    columns: str
    rows: Iterable[Row]


def load(database: Database, revision: str, observations: int) -> None:
    """Make an empty store one of a released schema, with so many observations and all that goes with them."""
    if revision not in ROWS:
        raise LookupError(f"Schema {revision} is released, but {__name__} has no rows of it: add a function to ROWS.")
    versions.upgrade(database, revision)
    with database.writing() as connection:
        driver: Any = connection.connection.driver_connection
        for name, table in ROWS[revision](observations).items():
            (_insert if isinstance(driver, sqlite3.Connection) else _copy)(driver, name, table)


def _insert(driver: Any, name: str, table: Table) -> None:
    marks = ", ".join("?" * len(table.columns.split(",")))
    driver.executemany(f"INSERT INTO {name} ({table.columns}) VALUES ({marks})", map(_embedded, table.rows))


def _copy(driver: Any, name: str, table: Table) -> None:
    with driver.cursor() as cursor, cursor.copy(f"COPY {name} ({table.columns}) FROM STDIN") as copy:
        for row in table.rows:
            copy.write_row(row)


def _embedded(row: Row) -> Row:
    return tuple(_EMBEDDED.get(type(value), _same)(value) for value in row)


def _same(value: Any) -> Any:
    return value


_EMBEDDED: Mapping[type, Callable[[Any], Any]] = {
    datetime: cache(lambda it: (it - EPOCH) // timedelta(microseconds=1)),
    date: date.isoformat,
    bool: int,
}


def rows_of_0001(observations: int) -> Mapping[str, Table]:
    """Text run ids on every row."""
    return {
        "batches": Table("batch_id, recorded_at", [(f"batch-{n:03}", recorded_at(n)) for n in range(RUNS)]),
        "runs": Table(
            "run_id, kind, status, started_at, finished_at, as_of, config_version, dagster_run_id, summary",
            [_run(n) for n in range(RUNS)],
        ),
        "config_versions": Table(
            "recorded_at, version, run_id, document",
            [(recorded_at(n), f"version-{n % 3}", run_id(n), json.dumps({"n": n, "é": TEXTS[3]})) for n in (0, 7, 9)],
        ),
        "series": Table("series_id, metric, dimensions", [_series(it) for it in range(1, SERIES + 1)]),
        "observations": Table(
            "series_id, period_start, period_end, value, weight, flags, revision, recorded_at, run_id",
            (versions_of(*key)[-1] for key in keys(observations)),
        ),
        "observation_revisions": Table(
            "series_id, period_start, period_end, value, weight, flags, revision, recorded_at, run_id",
            (row for key in keys(observations) for row in versions_of(*key)),
        ),
        "quarantine": Table(
            "series_id, period_start, recorded_at, period_end, value, raw_value, rule, reason, rules_version, run_id,"
            " released_at, released_by_run, resolution",
            [_refused(n) for n in range(200)],
        ),
        "metric_states": Table(
            "metric, source, last_read_at, window_start, window_end, response_hash, rules_version, status, error",
            [
                ("metric-0", "files", recorded_at(3), DAY_ZERO, None, "hash", "rules", "ok", None),
                ("metric-1", None, None, None, None, None, None, "failed", TEXTS[3]),
            ],
        ),
        "metric_reads": Table(
            "read_id, run_id, metric, request, fingerprint, response_hash, row_count, window_start, window_end,"
            " fetched_at, whole, flags, recorded_at",
            [_read(n) for n in range(1, 61)],
        ),
        "check_outcomes": Table(
            "outcome_id, run_id, source, metric, rule, family, status, severity, rows_checked, rows_failed, detail,"
            " recorded_at",
            [_outcome(n) for n in range(1, 301)],
        ),
        "baselines": Table(
            "key_result, definition, value, window_start, window_end, recorded_at, run_id",
            [
                ("2026-Q1/a", "one", 0.1, DAY_ZERO, DAY_ZERO + HOUR, recorded_at(1), run_id(1)),
                ("2026-Q1/a", "two", None, None, None, recorded_at(2), run_id(2)),
            ],
        ),
        "key_result_score_revisions": Table(
            "key_result, as_of_date, revision, as_of, known_at, recorded_at, run_id, config_version, reconstructed,"
            " objective, cycle, title, owner, metric, measure, unit, value, baseline, target, progress, score,"
            " expected_progress, expected_progress_now, pace_ratio, gap, status, reason, provisional,"
            " value_period_start, value_period_end, window_start, window_end, observed_periods, expected_periods,"
            " observed_share, straddling_periods, last_good_value, last_good_age_hours, weight",
            [_key_result(n) for n in range(240)],
        ),
        "objective_score_revisions": Table(
            "objective, as_of_date, revision, as_of, known_at, recorded_at, run_id, config_version, reconstructed,"
            " cycle, parent, title, level, intent, owner, score, expected_progress, status, reason, coverage,"
            " score_low, score_high, worst_key_result",
            [_objective(n) for n in range(120)],
        ),
        "alert_states": Table(
            "key_result, rule, state, streak, last_evaluated_as_of, last_period_end, since, episode",
            [
                (f"2026-Q1/{state}", "behind", state, n, recorded_at(n), None, recorded_at(1), f"episode-{n}")
                for n, state in enumerate(("ok", "pending", "firing", "acknowledged", "recovering"))
            ],
        ),
        "alert_transitions": Table(
            "transition_id, episode, key_result, rule, from_state, to_state, as_of, reason, recorded_at, run_id",
            [
                (n, f"e{n}" if n % 2 else None, "2026-Q1/a", "behind", "ok", "firing", recorded_at(n), TEXTS[n % 8],
                 recorded_at(n), run_id(n))
                for n in range(1, 30)
            ],
        ),
        "scorecard_snapshots": Table(
            "week, revision, snapshot_hash, schema_version, content, as_of, config_version, run_id, recorded_at",
            [
                (f"2026-W{n // 2:02}", n % 2 + 1, f"hash-{n}", 1, json.dumps({"texts": TEXTS}, ensure_ascii=False),
                 recorded_at(n), "version-1", run_id(n), recorded_at(n))
                for n in range(2, 12)
            ],
        ),
    }  # fmt: skip


def rows_of_0002(observations: int) -> Mapping[str, Table]:
    """Each revision once, with a number for its instant and run."""
    columns = "series_id, revision, period_start, period_end, value, weight, stamp_id, flags"
    tables = dict(rows_of_0001(observations))
    del tables["observation_revisions"]
    return {
        **tables,
        "stamps": Table("stamp_id, recorded_at, run_id", [(n + 1, recorded_at(n), run_id(n)) for n in range(RUNS - 1)]),
        "observations": Table(columns, (_stamped(versions_of(*key)[-1]) for key in keys(observations))),
        "past_observations": Table(
            columns, (_stamped(row) for key in keys(observations) for row in versions_of(*key)[:-1])
        ),
        "scorecard_snapshots": Table(
            f"{tables['scorecard_snapshots'].columns}, headline, counts",
            [(*row, "", "[]") for row in tables["scorecard_snapshots"].rows],
        ),
    }


def rows_of_0003(observations: int) -> Mapping[str, Table]:
    """Scores that say more."""
    tables = dict(rows_of_0002(observations))
    for name in ("key_result_score_revisions", "objective_score_revisions"):
        before, added = tables[name], ADDED[name] or ()
        rows = [(*row, *(_added(it, n) for it in added)) for n, row in enumerate(before.rows)]
        tables[name] = Table(f"{before.columns}, {', '.join(added)}", rows)
    tables["amendments"] = Table(
        "key_result, number, recorded_at, effective_on, author, reason, recorded, before, after, config_version, run_id",
        [_amendment(n) for n in range(24)],
    )
    tables["renames"] = Table(
        "kind, former_id, recorded_at, new_id, config_version, run_id",
        [
            (
                ("metric", "objective", "key_result")[n % 3],
                f"2026-Q1/was-{n}",
                recorded_at(n % RUNS),
                f"2026-Q1/is-{n}",
                f"version-{n}",
                run_id(n % RUNS),
            )
            for n in range(12)
        ],
    )
    tables["read_outcomes"] = Table(
        "metric, recorded_at, status, error",
        [
            (f"metric-{n % 5}", recorded_at(n), ("failed", "ok")[n // 5 % 2], None if n % 3 else TEXTS[n % 8])
            for n in range(20)
        ],
    )
    columns = (
        "subject, on_date, author, revision, value, confidence, note, finding, withdrawn, origin, recorded_at, run_id"
    )
    tables["check_in_revisions"] = Table(columns, [_said(n) for n in range(120)])
    tables["forecast_calibration"] = Table(
        "family, recorded_at, forecasts, coverage, brier, brier_pace, brier_naive, first_day, last_day, config_version",
        [_measured(n) for n in range(8)],
    )
    return {
        **tables,
        "metric_health_revisions": Table(
            "metric, dimensions, as_of_date, revision, as_of, known_at, recorded_at, run_id, config_version, state,"
            " reason, value, low, high, distance, period_start, period_end, provisional, since, periods_in_row, signal,"
            " direction, season, centre, limit_low, limit_high, noise, review_since",
            [_health(n) for n in range(120)],
        ),
        "review_events": Table(
            "event_id, review, metric, dimensions, event, since, as_of, value, low, high, signal, reason, recorded_at,"
            " run_id",
            [_review_event(n) for n in range(1, 40)],
        ),
    }


_FORECAST = (
    "forecast_value", "forecast_value_low", "forecast_value_high", "forecast_progress", "forecast_progress_low",
    "forecast_progress_high", "forecast_probability", "forecast_required_rate", "forecast_buffer_days",
)  # fmt: skip
_OF_KEY_RESULTS = (
    "status_rule", "pace", "confidence", "original_target", "original_progress", "forecast_method",
    "forecast_refusal", *_FORECAST,
)  # fmt: skip
ADDED: Mapping[str, Collection[str] | None] = {
    "key_result_score_revisions": _OF_KEY_RESULTS,
    "key_result_progress": _OF_KEY_RESULTS,
    "objective_score_revisions": ("status_rule",),
    "objective_scores": ("status_rule",),
    "amendments": None,
    "renames": None,
    "read_outcomes": None,
    "check_in_revisions": None,
    "check_ins": None,
    "metric_health_revisions": None,
    "metric_health": None,
    "review_events": None,
    "metric_reviews": None,
    "forecast_calibration": None,
}
"""What 0003 added to tables and views, and what older schemas have no place for; None is a table of its own."""

_ADDED_TEXTS = {"status_rule", "pace", "forecast_method", "forecast_refusal"}

ROWS: Mapping[str, Callable[[int], Mapping[str, Table]]] = {
    "0001": rows_of_0001,
    "0002": rows_of_0002,
    "0003": rows_of_0003,
}


def _amendment(n: int) -> Row:
    changed = (json.dumps({"weight": NUMBERS[n % 4]}), json.dumps({"weight": NUMBERS[(n + 1) % 4]}))
    about = (date(2026, 1, 1) + timedelta(days=n), TEXTS[n % 8], TEXTS[(n + 1) % 8], n % 2 == 0)
    return (
        f"2026-Q1/key-result-{n % 6}",
        n // 6 + 1,
        recorded_at(n % RUNS),
        *about,
        *changed,
        f"version-{n}",
        run_id(n % RUNS),
    )


def _health(n: int) -> Row:
    known = n % 5 != 0
    number, moment = (NUMBERS[n % 8], DAY_ZERO + n * HOUR) if known else (None, None)
    run = n // 10
    return (
        f"metric-{n % 3}", json.dumps({"member": TEXTS[n % 8]}, ensure_ascii=False) if n % 2 else "{}",
        date(2026, 1, 1) + timedelta(days=n // 12), n % 12 // 6 + 1, recorded_at(run), recorded_at(run),
        recorded_at(run), run_id(run), "version-1", ("breach", "healthy")[n % 2] if known else "unknown",
        None if known else "stale", number, None if n % 3 else 0.25, 15.0, 0.0 if known else None, moment, moment,
        n % 4 == 0, moment, n if known else 0, ("none", "outside_limits")[n % 2] if known else None,
        "high" if known and n % 2 else None, "weekday" if n % 7 == 0 else None, number, number, number, n % 6 == 0,
        moment if n % 8 == 0 else None,
    )  # fmt: skip


def _review_event(n: int) -> Row:
    review = n // 3  # opened, closed and opened again with the same beginning
    return (
        n, f"review-{review}", f"metric-{review % 3}", "{}", ("opened", "closed", "opened")[n % 3], DAY_ZERO,
        recorded_at(n), NUMBERS[n % 8] if n % 4 else None, None, 15.0, "none" if n % 2 else None, TEXTS[n % 8],
        recorded_at(n), run_id(n),
    )  # fmt: skip


def _measured(n: int) -> Row:
    days = (date(2026, 1, 1) + timedelta(days=n), date(2026, 3, 1) + timedelta(days=n))
    family = ("stock", "flow", "ratio", "share")[n % 4]
    return (family, recorded_at(n // 4), 100 + n, *NUMBERS[:4], *days, f"version-{n}")


def _added(column: str, n: int) -> str | float | None:
    """A value of a column of 0003; every third row has none."""
    if column == "status_rule":
        return ("pace", "viva")[n % 2]
    if n % 3 == 0:
        return None
    return TEXTS[n % 8] if column in _ADDED_TEXTS else NUMBERS[n % 8]


def _said(n: int) -> Row:
    """A check-in; each key has two revisions, and every tenth key is taken back by the second."""
    key, revision = divmod(n, 2)
    subject, author = f"2026-Q1/kr-{key % 7}", TEXTS[key % 8]
    withdrawn = revision == 1 and key % 10 == 0
    said = (None,) * 4 if withdrawn else (NUMBERS[n % 8], n / 120, TEXTS[n % 8], None if n % 3 else TEXTS[n % 5])
    written = ("command", recorded_at(n % RUNS), None) if n % 2 else ("files", recorded_at(n % RUNS), run_id(n % RUNS))
    return (subject, date(2026, 1, 1) + timedelta(days=key), author, revision + 1, *said, withdrawn, *written)


@cache
def recorded_at(run: int) -> datetime:
    """When the batch of a run was recorded."""
    return RECORDED + run * timedelta(days=1, microseconds=1)


@cache
def run_id(run: int) -> str:
    return f"run-{run % RUNS:03}"


def keys(observations: int) -> Iterator[tuple[int, int]]:
    """Series and period of so many observations, in order."""
    periods = observations // SERIES
    return ((series, period) for series in range(1, SERIES + 1) for period in range(periods))


@cache
def bounds(period: int) -> tuple[datetime, datetime]:
    start = DAY_ZERO + period * HOUR
    return start, start + HOUR


def versions_of(series: int, period: int) -> list[Row]:
    """The revisions of one observation: a tenth is restated, a twenty-fifth withdrawn, every hundredth comes back."""
    values = [NUMBERS[period % len(NUMBERS)] if period % 7 == 0 else series + period / 16]
    if period % 10 == 0:
        values.append(values[0] / 2)
    if period % 25 == 0:
        values.append(None)
    if period % 100 == 0:
        values.append(series * 1.0)
    start, end = bounds(period)
    weight = None if series % 2 else period / 3
    flags = ("", "sampled", "sampled,truncated")[period % 3]
    first = (series + period) % (RUNS - len(values))  # so that no observation is of the last run
    return [
        (series, start, end, value, weight, flags, n + 1, recorded_at(first + n), run_id(first + n))
        for n, value in enumerate(values)
    ]


@cache
def current_values(observations: int) -> list[float]:
    """The values that are there now, by their definition above: what no schema may change."""
    newest = (versions_of(*key)[-1][3] for key in keys(observations))
    return sorted(value for value in newest if value is not None)


def _stamped(row: Row) -> Row:
    series, start, end, value, weight, flags, revision, _, run = row
    return series, revision, start, end, value, weight, int(run.removeprefix("run-")) + 1, flags


def _run(n: int) -> Row:
    status = ("done", "partial", "failed")[n % 3]
    started = recorded_at(n) - HOUR
    summary = json.dumps({"observe": {"status": status, "text": TEXTS[n % 8]}}) if n % 4 else None
    return (
        run_id(n),
        "run",
        status,
        started,
        recorded_at(n),
        started,
        "version-1",
        f"dagster-{n}" if n else None,
        summary,
    )


def _series(n: int) -> Row:
    dimensions = {"carrier": TEXTS[n % len(TEXTS)], "n": str(n)} if n % 5 else {}
    return n, f"metric-{n}", json.dumps(dimensions, sort_keys=True, ensure_ascii=False)


def _refused(n: int) -> Row:
    series, period = n % SERIES + 1, n // SERIES
    start = DAY_ZERO + period * HOUR
    released = n % 3 == 0
    return (
        series, start, recorded_at(n % RUNS), start + HOUR if n % 2 else None, NUMBERS[n % 8] if n % 5 else None,
        TEXTS[n % 8] if n % 4 == 0 else None, "maximum", TEXTS[(n + 1) % 8], "rules-1" if n % 2 else None, run_id(n),
        recorded_at(39) if released else None, run_id(39) if released else None, "superseded" if released else None,
    )  # fmt: skip


def _read(n: int) -> Row:
    return (
        n, run_id(n), f"metric-{n % 5 + 1}", f"SELECT {n} -- {TEXTS[n % 8]}", f"print-{n}", f"hash-{n}", n * 1000,
        DAY_ZERO, DAY_ZERO + n * HOUR, recorded_at(n % RUNS), n % 2 == 0, "", recorded_at(n % RUNS),
    )  # fmt: skip


def _outcome(n: int) -> Row:
    return (
        n, run_id(n), "files" if n % 3 else None, f"metric-{n % 7}" if n % 4 else None, "maximum", "range",
        ("passed", "failed", "errored", "skipped")[n % 4], "block" if n % 2 else "warn", n if n % 5 else None,
        n % 3 if n % 5 else None, TEXTS[n % 8] if n % 6 else None, recorded_at(n % RUNS),
    )  # fmt: skip


def _key_result(n: int) -> Row:
    known = n % 6 != 0
    day = date(2026, 1, 1) + timedelta(days=n // 20)
    run = n // 20 + n % 2
    number = NUMBERS[n % 8] if known else None
    moment = DAY_ZERO + n * HOUR if known else None
    return (
        f"2026-Q1/{n % 10}", day, n % 20 // 10 + 1, recorded_at(run), recorded_at(run), recorded_at(run), run_id(run),
        "version-1", n % 4 == 0, "2026-Q1/o", "2026-Q1", TEXTS[n % 8], None, "metric-1", "reach", "count", number, 0.0,
        100.0, number, 0.5 if known else None, 0.25, 0.3, None, number, "on_track" if known else "unknown",
        None if known else "no_data", n % 2 == 0 if known else None, moment, moment, DAY_ZERO, moment,
        n if known else None, 90, 0.1, None, 1 / 3, 12.5, 1.0,
    )  # fmt: skip


def _objective(n: int) -> Row:
    day = date(2026, 1, 1) + timedelta(days=n // 10)
    run = n // 10
    return (
        f"2026-Q1/{n % 5}", day, n % 10 // 5 + 1, recorded_at(run), recorded_at(run), recorded_at(run), run_id(run),
        "version-1", n % 3 == 0, "2026-Q1", None if n % 5 == 0 else "2026-Q1/0", TEXTS[n % 8], "team", "committed",
        None, 0.7 if n % 4 else None, 0.5, "on_track" if n % 4 else "unknown", None, 0.9, 0.1, 0.95, "2026-Q1/3",
    )  # fmt: skip
