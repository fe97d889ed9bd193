"""A batch: everything one transaction writes, stamped with one instant.

Belongs here: the verbs that write, as one object that only exists while its transaction is open. Does not: beginning,
committing or trying again (`store`), or how each verb does it (the modules it calls).
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime

import pandas as pd
import sqlalchemy as sa

from okr_pipeline.store import (
    alerts,
    amendments,
    calibration,
    evidence,
    health,
    observations,
    quarantine,
    renames,
    runs,
    scorecards,
    scores,
)
from okr_pipeline.store import check_ins as said


class Batch:
    """An open transaction. Every method returns what it wrote, and writes nothing where nothing differs."""

    def __init__(self, connection: sa.Connection, recorded_at: datetime) -> None:
        self._connection = connection
        self.recorded_at = recorded_at

    def start_run(self, run: runs.Run) -> None:
        """Note that a run began, or goes on. Rows that name a run need it noted, here or in a batch before."""
        runs.start(self._connection, run, self.recorded_at)

    def add_step(self, run_id: str, step: str, facts: Mapping[str, object], *, status: runs.RunStatus) -> None:
        """Add what one step did to a run's summary; `facts` must go into JSON.

        Raises:
            KeyError: no such run.
        """
        runs.add_step(self._connection, run_id, step, facts, status, self.recorded_at)

    def record_configuration(self, version: str, document: Callable[[], str], *, run_id: str) -> bool:
        """Append definitions unless their version is the newest already, and only then ask for their document."""
        return runs.record_configuration(self._connection, version, document, run_id=run_id, at=self.recorded_at)

    def record_amendments(self, frame: pd.DataFrame, *, config_version: str, run_id: str) -> int:
        """Append amendments (`key_result`, `number`, `effective_on`, `author`, `reason`, `recorded`, `before`, `after`)
        that differ from the newest that is kept under their number; how many.
        """  # noqa: D205 - one sentence
        return amendments.record(
            self._connection, frame, config_version=config_version, run_id=run_id, recorded_at=self.recorded_at
        )

    def rename(self, frame: pd.DataFrame, baselines: pd.DataFrame, *, config_version: str, run_id: str) -> int:
        """Give every row about a `former_id` of a `kind` its `new_id`, and keep that; how many were renamed.

        `baselines` has `key_result`, `definition` and `new_definition` of those that are defined by a renamed metric,
        by the ids of before. Nothing may be under a new id yet.
        """
        renames.rebase(self._connection, baselines)
        return renames.record(
            self._connection, frame, config_version=config_version, run_id=run_id, recorded_at=self.recorded_at
        )

    def record_observations(self, points: pd.DataFrame, *, run_id: str) -> int:
        """Append a revision of every point (POINTS) that differs from what is current; how many.

        Raises:
            ValueError: two rows for one key, naive instants, or no period.
        """
        return observations.record(self._connection, points, run_id=run_id, recorded_at=self.recorded_at)

    def withdraw(self, keys: pd.DataFrame, *, run_id: str) -> int:
        """Append a revision without a value for every key (SERIES_KEY) that has one; how many."""
        return observations.withdraw(self._connection, keys, run_id=run_id, recorded_at=self.recorded_at)

    def quarantine(self, refused: pd.DataFrame, *, run_id: str) -> int:
        """Open a row for every refused value (QUARANTINE up to `reason`, optional `rules_version`) not open already."""
        return quarantine.refuse(self._connection, refused, run_id=run_id, recorded_at=self.recorded_at)

    def release(self, keys: pd.DataFrame, *, resolution: str, run_id: str) -> int:
        """Close the open quarantine rows of some keys (SERIES_KEY); how many."""
        return quarantine.release(
            self._connection, keys, resolution=resolution, run_id=run_id, recorded_at=self.recorded_at
        )

    def record_checks(self, outcomes: pd.DataFrame, *, source: str | None, run_id: str) -> int:
        """Append check outcomes (CHECK_RESULTS) of one source."""
        return evidence.record_checks(
            self._connection, outcomes, source=source, run_id=run_id, recorded_at=self.recorded_at
        )

    def record_reads(self, reads: pd.DataFrame, *, run_id: str) -> int:
        """Append how metrics were read, for reads that changed something.

        Columns: `metric`, `request`, `fingerprint`, `response_hash`, `row_count`, `window_start`, `window_end`,
        `fetched_at`, `whole`, `flags`.
        """
        return evidence.record_reads(self._connection, reads, run_id=run_id, recorded_at=self.recorded_at)

    def touch_metrics(self, states: pd.DataFrame) -> int:
        """Set the state of metrics: `metric` and any of `source`, `last_read_at`, `window_start`, `window_end`,
        `response_hash`, `rules_version`, `status` (ok unless given), `error`. Columns left out stay as they were.
        """  # noqa: D205 - one sentence
        return evidence.touch_metrics(self._connection, states, self.recorded_at)

    def record_key_result_scores(
        self,
        frame: pd.DataFrame,
        *,
        as_of: datetime,
        as_of_date: date,
        known_at: datetime,
        run_id: str,
        config_version: str,
        reconstructed: bool = False,
    ) -> pd.DataFrame:
        """Append key results (KEY_RESULT_SCORES) whose content is new for the date; the rows that were."""
        stamp = scores.Stamp(as_of, as_of_date, known_at, run_id, config_version, reconstructed)
        return scores.record_key_results(self._connection, frame, stamp, self.recorded_at)

    def record_objective_scores(
        self,
        frame: pd.DataFrame,
        *,
        as_of: datetime,
        as_of_date: date,
        known_at: datetime,
        run_id: str,
        config_version: str,
        reconstructed: bool = False,
    ) -> pd.DataFrame:
        """Append objectives (OBJECTIVE_SCORES) whose content is new for the date; the rows that were."""
        stamp = scores.Stamp(as_of, as_of_date, known_at, run_id, config_version, reconstructed)
        return scores.record_objectives(self._connection, frame, stamp, self.recorded_at)

    def fix_baselines(self, frame: pd.DataFrame, *, run_id: str) -> int:
        """Record `key_result`, `definition`, `value`, `window_start`, `window_end` of those not fixed yet; how many."""
        return scores.fix_baselines(self._connection, frame, run_id=run_id, recorded_at=self.recorded_at)

    def record_check_ins(self, check_ins: pd.DataFrame, *, origin: said.Origin, run_id: str | None = None) -> int:
        """Append a revision of each check-in (CHECK_INS up to `finding`, maybe `withdrawn`) that says something new.

        Raises:
            ValueError: two rows for one key.
        """
        return said.record(self._connection, check_ins, origin=origin, run_id=run_id, recorded_at=self.recorded_at)

    def record_calibration(self, measured: pd.DataFrame) -> int:
        """Append how good forecasts were (CALIBRATION up to `config_version`); how many rows."""
        return calibration.record(self._connection, measured, self.recorded_at)

    def record_alerts(self, states: pd.DataFrame, transitions: pd.DataFrame, *, run_id: str) -> int:
        """Set alert states and append the transitions that led to them; how many were not recorded by another run.

        `transitions` has `episode`, `key_result`, `rule`, `from_state`, `to_state`, `as_of`, `reason`.
        """
        return alerts.record(self._connection, states, transitions, run_id=run_id, recorded_at=self.recorded_at)

    def record_metric_health(
        self,
        frame: pd.DataFrame,
        *,
        as_of: datetime,
        as_of_date: date,
        known_at: datetime,
        run_id: str,
        config_version: str,
    ) -> int:
        """Append metrics (METRIC_HEALTH) whose content is new for the date; how many."""
        stamp = scores.Stamp(as_of, as_of_date, known_at, run_id, config_version)
        return health.record_health(self._connection, frame, stamp, self.recorded_at)

    def record_review_events(self, events: pd.DataFrame, *, run_id: str) -> int:
        """Append what opened and closed KPI reviews; how many events.

        `events` has `review`, `metric`, `dimensions`, `event`, `since`, `as_of`, `value`, `low`, `high`, `signal`,
        `reason`.
        """
        return health.record_events(self._connection, events, run_id=run_id, recorded_at=self.recorded_at)

    def save_scorecard(
        self,
        *,
        week: str,
        snapshot_hash: str,
        schema_version: int,
        content: str,
        as_of: datetime,
        config_version: str,
        run_id: str,
        headline: str,
        counts: tuple[tuple[str, int], ...],
    ) -> bool:
        """Append a week's snapshot (`content` is its JSON) unless its newest has the same hash.

        `headline` and `counts` are in the content, too; they list it without it.
        """
        scorecard = scorecards.Scorecard(
            week, snapshot_hash, schema_version, content, as_of, config_version, run_id, headline, counts
        )
        return scorecards.save(self._connection, scorecard, self.recorded_at)
