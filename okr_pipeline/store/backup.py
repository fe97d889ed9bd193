"""A backup: a whole store in one SQLite file, as it was committed at one instant, whichever backend it is kept in.

Belongs here: writing a backup, judging one, and making it the store again. Does not: the form of a value on either
backend (`copying`), migrations (`versions`), what makes two stores equal (`dump`).

A backup is itself a store that can be opened. A SQLite store is copied page by page, which damage would survive, and
which the check of the copy therefore finds; a PostgreSQL store row by row from one snapshot. Neither waits for
writers; a writer to a SQLite store waits with its commit until its pages are copied.

Every file appears whole, durable and checked, or not at all: it is made under another name beside its place.
"""

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import sqlalchemy as sa

from okr_pipeline.store import copying, versions
from okr_pipeline.store.engine import BUSY_TIMEOUT_SECONDS, Database
from okr_pipeline.store.errors import (
    SQLITE_DAMAGED,
    BackupUnusable,
    StoreExists,
    StoreMissing,
    StoreRefused,
)
from okr_pipeline.store.schema import batches

_COMPANIONS: Final = ("-journal", "-wal", "-shm")
"""What SQLite keeps beside a file. Beside another file of that name it would be played back into it."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds. `known_until` is when its newest batch was recorded; None: it has none."""

    path: Path
    revision: str
    known_until: datetime | None
    rows_of: Mapping[str, int]

    @property
    def rows(self) -> int:
        return sum(self.rows_of.values())


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored, and where what it replaced is kept."""

    backup: Backup
    replaced: Path | None


def write(database: Database, path: Path, *, force: bool) -> Backup:
    """Copy a store of any known revision into a file, and judge the copy.

    Raises:
        StoreExists: there is a file, and `force` is not given; or it is the store itself.
        StoreMissing, StoreTooNew: there is nothing to copy, or nothing that this program knows.
        BackupUnusable: the copy is damaged or not what was read.
        StoreRefused: the file cannot be written.
    """
    _require_free(path, force=force)
    _require_other(path, database)
    with _staged(path) as staged:
        with database.reading() as connection:
            expected = _copy(connection, staged, path, database.place)
        if _examined(staged, path) != expected:
            raise BackupUnusable(f"The copy of {database.place} is not what was read, so it was not kept. Try again.")
        _require_free(path, force=force)
        _put(staged, path)
    return expected


def restore(database: Database, path: Path, *, force: bool, at: datetime) -> Restored:
    """Put a backup, brought to this program's schema, in the place of a store.

    A SQLite store must not exist unless `force` is given, and what is replaced is kept beside it. A PostgreSQL store
    must not hold rows.

    Raises:
        StoreExists: something is there.
        BackupUnusable: the file is no whole copy of a store.
        StoreTooNew: it was made by a newer program.
        StoreUnavailable: the store to replace is in use.
        StoreRefused: the store cannot be written.
    """
    if not path.is_file():
        raise BackupUnusable(f"There is no backup at {path}. `okr store backup` says where it writes them.")
    if database.path is None:
        return Restored(_restore_rows(database, path, force=force), None)
    _require_other(path, database)
    target = database.path.resolve()
    if not force and _is_used(target):
        raise StoreExists(
            f"There is a store at {database.place} already. --force replaces it, and keeps what was there beside it."
        )
    return _restore_file(database, target, path, at)


def _restore_file(database: Database, target: Path, path: Path, at: datetime) -> Restored:
    database.close()
    with _staged(target) as staged:
        backup = _ready(path, staged, target)
        if target.exists():
            shutil.copymode(target, staged)
        with database.translating(), _alone(target):
            replaced = _set_aside(target, at)
            _put(staged, target)
    return Restored(backup, replaced)


def _restore_rows(database: Database, path: Path, *, force: bool) -> Backup:
    with tempfile.TemporaryDirectory(prefix="okr-restore-") as directory:
        staged = Path(directory) / "okr.db"
        backup = _ready(path, staged, staged)
        expected = _examined(staged, path)
        with closing(sqlite3.connect(staged)) as file, database.writing() as connection:
            versions.migrate(connection, "head", database.place)
            _require_empty(connection, expected.rows_of, database.place, force=force)
            copying.from_file(file, connection)
            if _described(connection, path, database.place, expected.rows_of) != expected:
                raise BackupUnusable(f"{database.place} does not hold what {path} holds; nothing was restored.")
    return backup


def _require_free(path: Path, *, force: bool) -> None:
    if path.is_dir():
        raise StoreExists(f"{path} is a directory: name a file in it.")
    if path.exists() and not force:
        raise StoreExists(f"{path} exists already, and was left alone. Name another file, or replace it with --force.")


def _require_other(path: Path, database: Database) -> None:
    if database.path is not None and path.exists() and database.path.exists() and path.samefile(database.path):
        raise StoreExists(f"{path} is the store itself. Name another file.")


def _require_empty(connection: sa.Connection, tables: Iterable[str], place: str, *, force: bool) -> None:
    rows = sum(_count(connection, name) for name in tables)
    if rows:
        forced = " --force replaces files only." if force else ""
        raise StoreExists(
            f"The store {place} holds {rows:,} rows, and nothing was restored.{forced}"
            " Make an empty database and restore into that."
        )


def _is_used(target: Path) -> bool:
    """Whether there is more than the empty file that an interrupted `okr store upgrade` leaves."""
    return target.exists() and target.stat().st_size > 0


def _copy(connection: sa.Connection, staged: Path, path: Path, place: str) -> Backup:
    """What was read, counted in the snapshot that was copied."""
    if connection.dialect.name == "sqlite":
        expected = _described(connection, path, place, copying.table_names(connection))
        with _told_of(path):
            _copy_pages(connection, staged)
        return expected
    revision = versions.require_known(connection, place)
    with _told_of(path):
        versions.upgrade(_embedded(staged), revision)
        tables = _copy_rows(connection, staged)
    return _described(connection, path, place, tables)


def _copy_pages(connection: sa.Connection, staged: Path) -> None:
    driver: Any = connection.connection.driver_connection
    with closing(sqlite3.connect(staged)) as file:
        driver.backup(file)


def _copy_rows(connection: sa.Connection, staged: Path) -> Sequence[str]:
    with closing(sqlite3.connect(staged)) as file:
        # Nobody has seen the file yet: it is made durable when it is whole.
        file.execute("PRAGMA synchronous = OFF")
        copying.to_file(connection, file)
        file.commit()
        return copying.names_in(file)


def _ready(path: Path, staged: Path, target: Path) -> Backup:
    """What a backup holds, once a copy of it is judged and at this program's schema; the backup itself is untouched."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as source:
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()
            with _told_of(target), closing(sqlite3.connect(staged)) as file:
                source.backup(file)
    except sqlite3.Error as error:
        raise BackupUnusable(f"{path} cannot be read as a backup: {error}. Take another.") from error
    backup = _examined(staged, path)
    if backup.revision != versions.REVISIONS[-1]:
        with _told_of(target):
            versions.upgrade(_embedded(staged), "head")
    return backup


def _examined(file: Path, path: Path) -> Backup:
    """What a file holds that is, or is to be, the backup at `path`.

    Raises:
        BackupUnusable: it is damaged, or no store.
    """
    database = _embedded(file)
    try:
        with database.reading() as connection:
            found = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar_one()
            if found != "ok":
                raise BackupUnusable(f"{path} is damaged: {found}. Take another; `okr store doctor` judges the store.")
            return _described(connection, path, str(path), copying.table_names(connection))
    except StoreMissing as error:
        raise BackupUnusable(f"{path} is not a backup: it holds no store. Take another.") from error
    except StoreRefused as error:
        raise BackupUnusable(f"{path} cannot be read as a backup: {_why(error)}. Take another.") from error
    finally:
        database.close()


def _described(connection: sa.Connection, path: Path, place: str, tables: Iterable[str]) -> Backup:
    revision = versions.require_known(connection, place)
    newest = connection.execute(sa.select(sa.func.max(batches.c.recorded_at))).scalar_one()
    return Backup(path, revision, newest, {name: _count(connection, name) for name in tables})


def _count(connection: sa.Connection, table: str) -> int:
    return int(connection.exec_driver_sql(f'SELECT count(*) FROM "{table}"').scalar_one())


def _embedded(path: Path) -> Database:
    return Database(sa.URL.create("sqlite", database=str(path)), time.sleep)


@contextmanager
def _staged(path: Path) -> Iterator[Path]:
    """A name beside a file for the one that is to take its place; nothing is left under it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        yield staged
    finally:
        for ending in ("", *_COMPANIONS):
            _beside(staged, ending).unlink(missing_ok=True)


@contextmanager
def _told_of(path: Path) -> Iterator[None]:
    """Errors of writing the file that is to be `path`, in words about that."""
    try:
        yield
    except (sqlite3.Error, StoreRefused) as error:
        raise StoreRefused(
            f"{path} could not be written: {_why(error)}. Free disk space or name another place; nothing was changed."
        ) from error


def _why(error: Exception) -> str:
    """What the driver said."""
    cause = error.__cause__ or error
    return str(getattr(cause, "orig", cause))


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Hold a store's file while nobody reads or writes it. Who has it open and writes later is refused by SQLite."""
    if not target.exists():
        yield
        return
    with closing(sqlite3.connect(target, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.DatabaseError as error:
            # A damaged file cannot be held, nor used by anybody else.
            if error.sqlite_errorcode & 0xFF not in SQLITE_DAMAGED:
                raise
        yield


def _set_aside(target: Path, at: datetime) -> Path | None:
    """Give what is in the place of a store a second name, and take away what SQLite left beside it."""
    aside = target.with_name(f"{target.name}.replaced-{at.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}")
    used = _is_used(target)
    if used:
        # A link, not a move: a store that was missing for a moment would be created anew by whoever comes then.
        os.link(target, aside)
    for ending in _COMPANIONS:
        if _beside(target, ending).exists():
            _beside(target, ending).replace(_beside(aside, ending))
    return aside if used else None


def _put(staged: Path, path: Path) -> None:
    """Move a file to its place, durably."""
    _sync(staged)
    staged.replace(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)
