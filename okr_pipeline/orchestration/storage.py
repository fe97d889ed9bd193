"""Dagster's log in SQLite, written over connections that stay open.

Belongs here: one engine for each of the files that Dagster's own storage has. Does not: where files are and what is in
them, which stay Dagster's.

Dagster makes an engine for every statement. So each is compiled anew, and each closes the last connection to a file,
for which SQLite tidies up: that was more than half of what an event took.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from alembic.migration import MigrationContext

# Dagster has no public name for its storages, nor for how one of them is replaced.
from dagster._core.instance import InstanceRef
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME, SqliteEventLogStorage
from dagster._core.storage.runs.sqlite.sqlite_run_storage import SqliteRunStorage
from dagster._core.storage.schedules.sqlite.sqlite_schedule_storage import SqliteScheduleStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS, create_db_conn_string
from dagster._core.storage.sqlite_storage import (
    DagsterSqliteStorage,
    _event_logs_directory,
    _runs_directory,
    _schedule_directory,
)
from dagster._serdes import ConfigurableClassData

_DAGSTERS_OWN: Final = DagsterSqliteStorage.__name__


def kept_open(ref: InstanceRef) -> InstanceRef:
    """The same instance over connections that stay open; as it is, where it is not in SQLite."""
    data = ref.storage_data
    if data is None or data.class_name != _DAGSTERS_OWN:
        return ref
    return ref._replace(storage_data=ConfigurableClassData(__name__, KeptOpenStorage.__name__, data.config_yaml))


class KeptOpenStorage(DagsterSqliteStorage):
    """Dagster's storage in SQLite, with connections that stay open until `dispose` to what runs write."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        runs = create_db_conn_string(_runs_directory(base_dir), "runs")
        events = create_db_conn_string(_event_logs_directory(base_dir), INDEX_SHARD_NAME)
        schedules = create_db_conn_string(_schedule_directory(base_dir), "schedules")
        if not all(_is_made(url) for url in (runs, events, schedules)):
            DagsterSqliteStorage(base_dir).dispose()
        # What is made is opened below, not by the class above.
        super(DagsterSqliteStorage, self).__init__()  # type: ignore[no-untyped-call]  # Dagster's own has no types
        self.base_dir, self._inst_data = base_dir, inst_data
        self._run_storage = _Runs(runs)
        self._event_log_storage = _Events(_event_logs_directory(base_dir))
        self._schedule_storage = SqliteScheduleStorage(schedules)

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> "KeptOpenStorage":
        """As Dagster makes it from its settings."""
        return cls.from_local(inst_data=inst_data, **config_value)


class _Runs(SqliteRunStorage):
    """One engine for the file of runs."""

    def __init__(self, conn_string: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engine = sa.create_engine(conn_string)
        super().__init__(conn_string, inst_data)

    @contextmanager
    def connect(self) -> Iterator[sa.Connection]:
        with self._engine.begin() as connection:
            yield connection

    def dispose(self) -> None:
        self._engine.dispose()


class _Events(SqliteEventLogStorage):
    """One engine for each file of events: one for each run, and one over all of them."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: dict[str, sa.Engine] = {}
        super().__init__(base_dir, inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[sa.Connection]:
        with self._db_lock:
            if shard not in self._engines:
                timeout = {"timeout": SQLITE_BUSY_TIMEOUT_SECONDS}
                self._engines[shard] = sa.create_engine(self.conn_string_for_shard(shard), connect_args=timeout)
                self._initdb(self._engines[shard])
            with self._engines[shard].begin() as connection:
                yield connection

    def _initdb(self, engine: sa.Engine, for_index_shard: bool = False) -> None:
        if not _has_revision(engine):
            super()._initdb(engine, for_index_shard)

    def dispose(self) -> None:
        super().dispose()
        for engine in self._engines.values():
            engine.dispose()


def _is_made(url: str) -> bool:
    """Whether there is nothing to make of a file; to find that out, Dagster reads each of its migrations."""
    if not Path(str(sa.make_url(url).database)).exists():
        return False
    return _has_revision(sa.create_engine(url, poolclass=sa.NullPool))


def _has_revision(engine: sa.Engine) -> bool:
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() is not None
