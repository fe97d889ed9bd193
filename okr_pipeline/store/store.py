"""The store: one object for everything that is kept.

Belongs here: opening, transactions, and one method per question. Does not: SQL (the modules behind), decisions about
what to write (application).

pandas and the modules that need it are imported on the first read or write of rows, so that upgrading and checking a
store stays quick.
"""

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

import sqlalchemy as sa

from okr_pipeline.store import batches, versions
from okr_pipeline.store.engine import Database
from okr_pipeline.store.errors import StoreUnavailable

if TYPE_CHECKING:
    import pandas as pd

    from okr_pipeline.store.backup import Backup, Restored
    from okr_pipeline.store.batch import Batch
    from okr_pipeline.store.doctor import Finding

T = TypeVar("T")


def open_store(
    url: str, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC), sleep: Callable[[float], None] = time.sleep
) -> "Store":
    """The store at `sqlite:///path/okr.db` or `postgresql://…`. Nothing is connected to until it is used.

    Raises:
        StoreUnsupported: another kind of URL.
    """
    return Store(Database(url, sleep), clock)


class Store:
    """Observations, scores and all that proves them. May be shared between threads.

    Reads see committed data only and are tried again when the connection is lost. Every method raises StoreError.
    `known_at` leaves out what was recorded later; `metrics` and `start`/`end` (of period starts, half-open) limit rows.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    @property
    def place(self) -> str:
        """Where it is: its URL without the password."""
        return self._database.place

    # Schema and condition

    def upgrade(self, revision: str = "head") -> None:
        """Create the store, or bring its schema up to date, in one transaction."""
        with self._database.translating():
            versions.upgrade(self._database, revision)

    def downgrade(self, revision: str) -> None:
        """Take the schema back to a revision; what newer ones added is lost."""
        with self._database.translating():
            versions.downgrade(self._database, revision)

    def require_current(self) -> None:
        """Nothing, where the schema is this program's.

        Raises:
            StoreMissing, StoreOutdated, StoreTooNew: with what to do.
        """
        place = self._database.place
        self._retrying(lambda connection: versions.require_current(connection, place))

    def doctor(self) -> "tuple[Finding, ...]":
        """What is well and what is not; never raises for what it can report."""
        from okr_pipeline.store import doctor

        return doctor.examine(self._database)

    def backup(self, path: Path, *, force: bool = False) -> "Backup":
        """Write all of it, as committed at one instant, into a file of its own; writers go on meanwhile.

        Raises:
            StoreExists: there is a file, and `force` is not given.
            BackupUnusable: what was written is not what was read.
        """
        from okr_pipeline.store import backup

        return self._database.retrying(lambda: backup.write(self._database, path, force=force))

    def restore(self, path: Path, *, force: bool = False) -> "Restored":
        """Make this the store that a backup holds, at this program's schema, at once or not at all.

        Raises:
            StoreExists: there is a store, and `force` is not given or cannot replace it.
            BackupUnusable: the file is no backup, or damaged.
            StoreTooNew: it was made by a newer program.
        """
        from okr_pipeline.store import backup

        return backup.restore(self._database, path, force=force, at=self._clock())

    def close(self) -> None:
        """Give connections back."""
        self._database.close()

    # Writing

    @contextmanager
    def transaction(self, *, clock: Callable[[], datetime] | None = None) -> "Iterator[Batch]":
        """One transaction: all of its batch is committed at the end of the block, or nothing.

        A connection lost during the commit is settled by looking whether the batch is there. What is lost before that
        is raised as StoreUnavailable; `write` tries again by itself.
        """
        batch_id = str(uuid4())
        try:
            with self._database.writing() as connection:
                yield self._begin(connection, batch_id, clock)
        except StoreUnavailable:
            if not self._database.retrying(lambda: self._is_committed(batch_id)):
                raise

    def write(self, work: "Callable[[Batch], T]", *, clock: Callable[[], datetime] | None = None) -> T:
        """What `work` returns, its batch committed exactly once, however often the connection is lost.

        `work` may be called again from the start and must do nothing but write to its batch.
        """
        batch_id, results = str(uuid4()), list[T]()

        def attempt() -> T:
            with self._database.writing() as connection:
                if not (results and batches.is_committed(connection, batch_id)):
                    results.append(work(self._begin(connection, batch_id, clock)))
            return results[-1]

        return self._database.retrying(attempt)

    # Observations

    def known_until(self) -> datetime | None:
        """When the newest batch was recorded. As `known_at` it names exactly what can be read now, for ever."""
        return self._retrying(batches.newest_recorded_at)

    def changed_at(self) -> datetime | None:
        """When anything that scores, alerts and scorecards are made of last changed: runs without news leave it."""
        from okr_pipeline.store import evidence

        return self._retrying(evidence.changed_at)

    def recorded_of(self, day: date) -> datetime | None:
        """When scores or health of a date were last recorded."""
        from okr_pipeline.store import evidence

        return self._retrying(lambda connection: evidence.recorded_of(connection, day))

    def observations(
        self,
        metrics: Collection[str] | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        known_at: datetime | None = None,
    ) -> "pd.DataFrame":
        """OBSERVATIONS, sorted by metric, dimensions and period; withdrawn ones with NaN."""
        from okr_pipeline.store import observations

        selection = observations.Selection(metrics, start, end, known_at)
        return self._retrying(lambda connection: observations.read(connection, selection))

    def observed_values(
        self,
        metrics: Collection[str] | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        known_at: datetime | None = None,
    ) -> "pd.DataFrame":
        """The same in the columns VALUES, of which less is moved."""
        from okr_pipeline.model.frames import VALUES
        from okr_pipeline.store import observations

        selection = observations.Selection(metrics, start, end, known_at)
        return self._retrying(lambda connection: observations.read(connection, selection, VALUES))

    def revisions(
        self,
        metrics: Collection[str] | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        known_at: datetime | None = None,
    ) -> "pd.DataFrame":
        """Every revision, in OBSERVATIONS' columns; sorted by metric, dimensions, period and revision."""
        from okr_pipeline.store import observations

        selection = observations.Selection(metrics, start, end, known_at)
        return self._retrying(lambda connection: observations.revisions(connection, selection))

    def observed_reach(
        self,
        metrics: Collection[str] | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        known_at: datetime | None = None,
    ) -> "pd.DataFrame":
        """`metric`, `newest_period_end`, `newest_value_end`, `recorded_at`: the last of each metric's observations."""
        from okr_pipeline.store import observations

        selection = observations.Selection(metrics, start, end, known_at)
        return self._retrying(lambda connection: observations.reach(connection, selection))

    def observed_coverage(self) -> "pd.DataFrame":
        """`metric`, `first_period_start`, `newest_period_start`, `newest_period_end`, `periods` of what has values."""
        from okr_pipeline.store import observations

        return self._retrying(observations.coverage)

    def quarantine(
        self,
        metrics: Collection[str] | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        known_at: datetime | None = None,
    ) -> "pd.DataFrame":
        """QUARANTINE: what is refused and not yet replaced."""
        from okr_pipeline.store import observations, quarantine

        selection = observations.Selection(metrics, start, end, known_at)
        return self._retrying(lambda connection: quarantine.read(connection, selection))

    def open_quarantine(self, metrics: Collection[str]) -> int:
        """How many values of some metrics are refused and not yet replaced."""
        from okr_pipeline.store import quarantine

        return self._retrying(lambda connection: quarantine.count_open(connection, metrics))

    # Runs, configurations, evidence

    def runs(self, limit: int = 20) -> "pd.DataFrame":
        """The newest runs first."""
        from okr_pipeline.store import runs

        return self._retrying(lambda connection: runs.read(connection, limit))

    def run(self, run_id: str) -> "dict[str, Any] | None":
        """One run by id, its summary as a mapping of steps; None where there is no such run."""
        from okr_pipeline.store import runs

        return self._retrying(lambda connection: runs.read_one(connection, run_id))

    def latest_configuration(self, known_at: datetime | None = None) -> tuple[str, str] | None:
        """Version and document of the definitions applied last."""
        from okr_pipeline.store import runs

        return self._retrying(lambda connection: runs.latest_configuration(connection, known_at))

    def applied_version(self) -> str | None:
        """The version of the definitions applied last."""
        from okr_pipeline.store import runs

        return self._retrying(runs.applied_version)

    def configurations(self) -> list[tuple[datetime, str]]:
        """When each configuration was applied, and its version, the newest first."""
        from okr_pipeline.store import runs

        return self._retrying(runs.configurations)

    def configuration(self, version: str) -> str | None:
        """The document of a version of the definitions."""
        from okr_pipeline.store import runs

        return self._retrying(lambda connection: runs.configuration(connection, version))

    def amendments(self, known_at: datetime | None = None) -> "pd.DataFrame":
        """Every amendment that was applied, by key result and number, with before and after as JSON."""
        from okr_pipeline.store import amendments

        return self._retrying(lambda connection: amendments.read(connection, known_at))

    def renames(self, after: datetime | None = None) -> "pd.DataFrame":
        """`kind`, `former_id`, `new_id` and the stamps of what was renamed since an instant, the oldest first."""
        from okr_pipeline.store import renames

        return self._retrying(lambda connection: renames.read(connection, after))

    def ids_in_use(self, kind: str, ids: Collection[str]) -> frozenset[str]:
        """Those of some ids of metrics, objectives or key results that any row is about."""
        from okr_pipeline.store import renames

        return self._retrying(lambda connection: renames.in_use(connection, kind, ids))

    def published_key_results(self) -> frozenset[str]:
        """Full ids of the key results of which a score was recorded after they had started."""
        from okr_pipeline.store import amendments

        return self._retrying(amendments.published)

    def failing_metrics(self, known_at: datetime | None = None) -> frozenset[str]:
        """The metrics whose newest read, by an instant, failed."""
        from okr_pipeline.store import evidence

        return self._retrying(lambda connection: evidence.failing_metrics(connection, known_at))

    def failed_reads(self, known_at: datetime | None = None) -> list[dict[str, Any]]:
        """Of each metric whose newest read, by an instant, failed: `metric`, `error`, and `since` when it fails so."""
        from okr_pipeline.store import evidence

        return self._retrying(lambda connection: evidence.failed_reads(connection, known_at))

    def metric_states(self) -> "pd.DataFrame":
        """How the last read of each metric went: one row per metric that was ever read."""
        from okr_pipeline.store import evidence

        return self._retrying(evidence.read_metric_states)

    def reads(self, metric: str | None = None, known_at: datetime | None = None) -> "pd.DataFrame":
        """Reads that changed something, newest first."""
        from okr_pipeline.store import evidence

        return self._retrying(lambda connection: evidence.read_reads(connection, metric, known_at))

    def check_results(
        self,
        *,
        run_id: str | None = None,
        metric: str | None = None,
        latest: bool = True,
        known_at: datetime | None = None,
    ) -> "pd.DataFrame":
        """CHECK_RESULTS with `run_id`, `source`, `recorded_at`; with `latest`, each metric's newest judgement only."""
        from okr_pipeline.store import evidence

        return self._retrying(
            lambda connection: evidence.read_checks(
                connection, run_id=run_id, metric=metric, latest=latest, known_at=known_at
            )
        )

    def unmet_checks(self) -> "pd.DataFrame":
        """Of `check_results` those of each metric's newest judgement that failed, or whose rule broke."""
        from okr_pipeline.store import evidence

        return self._retrying(evidence.read_unmet_checks)

    # Scores, alerts, scorecards

    def key_result_scores(
        self,
        as_of_date: date | tuple[date, date] | None = None,
        known_at: datetime | None = None,
        key_results: Collection[str] | None = None,
    ) -> "pd.DataFrame":
        """KEY_RESULT_SCORES with `as_of_date` (ISO text) and when, from what and by whom; newest revision per date.

        `as_of_date` is a date, a first and a last one (included), or None for all.
        """
        from okr_pipeline.store import scores

        return self._retrying(lambda connection: scores.read_key_results(connection, as_of_date, known_at, key_results))

    def scored_key_results(self, first: date, last: date, known_at: datetime | None = None) -> list[str]:
        """The ids of those that have a score of a date from the first to the last, sorted."""
        from okr_pipeline.store import scores

        return self._retrying(lambda connection: scores.scored_in(connection, first, last, known_at))

    def first_published(self, key_result: str, known_at: datetime | None = None) -> "pd.DataFrame":
        """`as_of`, `recorded_at`: when scores of a key result that are not reconstructed were recorded first."""
        from okr_pipeline.store import scores

        return self._retrying(lambda connection: scores.first_published(connection, key_result, known_at))

    def objective_scores(
        self,
        as_of_date: date | tuple[date, date] | None = None,
        known_at: datetime | None = None,
        objectives: Collection[str] | None = None,
    ) -> "pd.DataFrame":
        """OBJECTIVE_SCORES, as `key_result_scores`."""
        from okr_pipeline.store import scores

        return self._retrying(lambda connection: scores.read_objectives(connection, as_of_date, known_at, objectives))

    def baselines(self, known_at: datetime | None = None) -> "pd.DataFrame":
        """`key_result`, `definition`, `value`, `window_start`, `window_end`, `recorded_at`, `run_id` of those fixed."""
        from okr_pipeline.store import scores

        return self._retrying(lambda connection: scores.read_baselines(connection, known_at))

    def check_ins(self, known_at: datetime | None = None) -> "pd.DataFrame":
        """CHECK_INS: what people said and did not take back, sorted by subject, day and author."""
        from okr_pipeline.store import check_ins

        return self._retrying(lambda connection: check_ins.read(connection, known_at))

    def check_in_revisions(self, known_at: datetime | None = None) -> "pd.DataFrame":
        """Every revision of every check-in, in CHECK_INS' columns and `withdrawn`."""
        from okr_pipeline.store import check_ins

        return self._retrying(lambda connection: check_ins.revisions(connection, known_at))

    def check_ins_of_files(self) -> "pd.DataFrame":
        """CHECK_INS as the files of the configuration told them last, whatever was said by command since."""
        from okr_pipeline.store import check_ins

        return self._retrying(check_ins.said_by_files)

    def calibration(self, known_at: datetime | None = None) -> "pd.DataFrame":
        """CALIBRATION of the newest measurement, sorted by family; empty where nothing was measured."""
        from okr_pipeline.store import calibration

        return self._retrying(lambda connection: calibration.read(connection, known_at))

    def alert_states(self) -> "pd.DataFrame":
        """One row per key result and rule."""
        from okr_pipeline.store import alerts

        return self._retrying(alerts.read_states)

    def open_alerts(self, as_of: datetime, known_at: datetime | None = None) -> "pd.DataFrame":
        """What was open as of an instant, as recorded by another: `key_result`, `rule`, `state`, `since`, sorted.

        `since` is when the episode began to fire.
        """
        from okr_pipeline.store import alerts

        return self._retrying(lambda connection: alerts.read_open(connection, as_of, known_at))

    def alert_transitions(self, known_at: datetime | None = None) -> "pd.DataFrame":
        """Every change of an alert's state, in order."""
        from okr_pipeline.store import alerts

        return self._retrying(lambda connection: alerts.read_transitions(connection, known_at))

    def metric_health(
        self, as_of_date: date | tuple[date, date] | None = None, known_at: datetime | None = None
    ) -> "pd.DataFrame":
        """METRIC_HEALTH with `as_of_date` (ISO text) and when and by whom; the newest revision per date."""
        from okr_pipeline.store import health

        return self._retrying(lambda connection: health.read_health(connection, as_of_date, known_at))

    def review_events(self, known_at: datetime | None = None) -> "pd.DataFrame":
        """Everything that opened or closed a KPI review, in order."""
        from okr_pipeline.store import health

        return self._retrying(lambda connection: health.read_events(connection, known_at))

    def health_judged_until(self) -> datetime | None:
        """The latest instant that the health of a KPI was recorded as of, None before the first."""
        from okr_pipeline.store import health

        return self._retrying(health.judged_until)

    def open_reviews(self) -> "pd.DataFrame":
        """Of open KPI reviews `review`, `metric`, `dimensions`, `since`, the band, and the `as_of` of the run."""
        from okr_pipeline.store import health

        return self._retrying(health.open_reviews)

    def scorecards(self, known_at: datetime | None = None) -> "pd.DataFrame":
        """The newest snapshot of each week, without its content."""
        from okr_pipeline.store import scorecards

        return self._retrying(lambda connection: scorecards.read(connection, known_at))

    def scorecard(self, week: str, known_at: datetime | None = None) -> str | None:
        """The JSON of a week's newest snapshot."""
        from okr_pipeline.store import scorecards

        return self._retrying(lambda connection: scorecards.content(connection, week, known_at))

    def dump(self, *, run_tables: bool = False) -> str:
        """Everything kept, as text that is equal for equal stores on either backend.

        Leaves out when and by which run rows were written, and, unless asked, the tables about runs themselves.
        """
        from okr_pipeline.store import dump

        return self._retrying(lambda connection: dump.dump(connection, run_tables=run_tables))

    def _begin(self, connection: sa.Connection, batch_id: str, clock: Callable[[], datetime] | None) -> "Batch":
        from okr_pipeline.store.batch import Batch

        versions.require_current(connection, self._database.place)
        return Batch(connection, batches.begin(connection, batch_id, (clock or self._clock)()))

    def _is_committed(self, batch_id: str) -> bool:
        with self._database.writing() as connection:
            return batches.is_committed(connection, batch_id)

    def _retrying(self, work: Callable[[sa.Connection], T]) -> T:
        def attempt() -> T:
            with self._database.reading() as connection:
                return work(connection)

        return self._database.retrying(attempt)
